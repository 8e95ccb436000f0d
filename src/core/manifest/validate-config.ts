import type { ConfigMap, Secret } from "../api/types.ts";
import { byteLength } from "../pod/validation/byte-length.ts";
import { type FieldError, invalid, invalidEach, required, tooLong } from "../pod/validation/field-error.ts";
import { FieldPath } from "../pod/validation/field-path.ts";
import { validateFinalizerNames, validateObjectMeta } from "../pod/validation/metadata.ts";
import { configMapKeyErrors } from "../pod/validation/names.ts";
import { decodeBase64 } from "../volume/base64.ts";
import { parseJson } from "./json-text.ts";

const MAX_BYTES = 1024 * 1024;
const METADATA = FieldPath.of("metadata");
const DATA = FieldPath.of("data");

type Texts = Readonly<Record<string, string>>;

/** Everything wrong with a config map; its namespace must be set. Source: core/validation ValidateConfigMap. */
export function validateConfigMap(configMap: ConfigMap): readonly FieldError[] {
  const { data = {}, binaryData = {} } = configMap;
  const errors = validateMeta(configMap);
  for (const key of Object.keys(data)) {
    errors.push(...invalidEach(DATA.key(key), key, configMapKeyErrors(key)));
    if (Object.hasOwn(binaryData, key)) {
      errors.push(invalid(DATA.key(key), key, "duplicate of key present in binaryData"));
    }
  }
  const binary = FieldPath.of("binaryData");
  for (const key of Object.keys(binaryData)) {
    errors.push(...invalidEach(binary.key(key), key, configMapKeyErrors(key)));
  }
  const bytes = sum(Object.values(data).map(byteLength)) + sum(Object.values(binaryData).map(decodedLength));
  if (bytes > MAX_BYTES) errors.push(tooLong(FieldPath.of(""), "", MAX_BYTES));
  return errors;
}

/** Everything wrong with a secret (defaulted, namespace set). Source: core/validation ValidateSecret. */
export function validateSecret(secret: Secret): readonly FieldError[] {
  const data: Texts = secret.data ?? {};
  const errors = validateMeta(secret);
  for (const key of Object.keys(data)) errors.push(...invalidEach(DATA.key(key), key, configMapKeyErrors(key)));
  if (sum(Object.values(data).map(decodedLength)) > MAX_BYTES) errors.push(tooLong(DATA, "", MAX_BYTES));
  return [...errors, ...validateByType(secret, data)];
}

function validateMeta(object: ConfigMap | Secret): FieldError[] {
  const meta = object.metadata ?? {};
  return [
    ...validateObjectMeta(meta, METADATA),
    ...validateFinalizerNames(meta.finalizers ?? [], METADATA.child("finalizers")),
  ];
}

const ACCOUNT_ANNOTATION = "kubernetes.io/service-account.name";
const REQUIRED_KEYS: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
};
const JSON_KEYS: Readonly<Record<string, string>> = {
  "kubernetes.io/dockercfg": ".dockercfg",
  "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
};

function validateByType(secret: Secret, data: Texts): FieldError[] {
  const type = secret.type ?? "";
  if (type === "kubernetes.io/service-account-token") {
    const name = secret.metadata?.annotations?.[ACCOUNT_ANNOTATION];
    return name ? [] : [required(METADATA.child("annotations").key(ACCOUNT_ANNOTATION))];
  }
  if (type === "kubernetes.io/basic-auth") {
    if (Object.hasOwn(data, "username") || Object.hasOwn(data, "password")) return [];
    return [required(DATA.key("username")), required(DATA.key("password"))];
  }
  const jsonKey = JSON_KEYS[type];
  if (jsonKey !== undefined) return validateJson(data, jsonKey);
  return (REQUIRED_KEYS[type] ?? []).filter((key) => !data[key]).map((key) => required(DATA.key(key)));
}

function validateJson(data: Texts, key: string): FieldError[] {
  const encoded = Object.hasOwn(data, key) ? data[key] : undefined;
  if (encoded === undefined) return [required(DATA.key(key))];
  const parsed = parseJson(new TextDecoder().decode(decodeBase64(encoded)));
  // What is shown is not the value: it is secret.
  return "error" in parsed ? [invalid(DATA.key(key), "<secret contents redacted>", parsed.error)] : [];
}

function decodedLength(base64: string): number {
  const padding = base64.endsWith("==") ? 2 : Number(base64.endsWith("="));
  return Math.max(0, Math.floor(base64.length / 4) * 3 - padding);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
