import type { EnvFromSource, EnvVar } from "../../api/types.ts";
import { ENV_FIELDS, validateFieldRef, validateResourceFieldRef } from "./downward-api.ts";
import { type FieldError, invalid, invalidEach, required } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { configMapKeyErrors, dnsSubdomainErrors, dnsSubdomainPrefixErrors, envVarNameErrors } from "./names.ts";

/** Source: core/validation ValidateEnv. */
export function validateEnv(variables: readonly EnvVar[], path: FieldPath): FieldError[] {
  return variables.flatMap((variable, index) => validateVariable(variable, path.index(index)));
}

function validateVariable(variable: EnvVar, path: FieldPath): FieldError[] {
  const { name } = variable;
  const at = path.child("name");
  const errors = name === "" ? [required(at)] : invalidEach(at, name, envVarNameErrors(name));
  return [...errors, ...validateValueFrom(variable, path.child("valueFrom"))];
}

function validateValueFrom(variable: EnvVar, path: FieldPath): FieldError[] {
  const source = variable.valueFrom;
  if (source === undefined) return [];
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = source;
  const errors = [
    ...(fieldRef ? validateFieldRef(fieldRef, ENV_FIELDS, path.child("fieldRef")) : []),
    ...(resourceFieldRef ? validateResourceFieldRef(resourceFieldRef, path.child("resourceFieldRef"), false) : []),
    ...(configMapKeyRef ? validateKeyRef(configMapKeyRef, path.child("configMapKeyRef")) : []),
    ...(secretKeyRef ? validateKeyRef(secretKeyRef, path.child("secretKeyRef")) : []),
  ];
  const count = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef].filter((ref) => ref !== undefined).length;
  if (count === 0) {
    const detail = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`";
    errors.push(invalid(path, "", detail));
  } else if (variable.value) {
    errors.push(invalid(path, "", "may not be specified when `value` is not empty"));
  } else if (count > 1) {
    errors.push(invalid(path, "", "may not have more than one field specified at a time"));
  }
  return errors;
}

function validateKeyRef(ref: { readonly name?: string; readonly key: string }, path: FieldPath): FieldError[] {
  const name = ref.name ?? "";
  const at = path.child("key");
  return [
    ...invalidEach(path.child("name"), name, dnsSubdomainErrors(name)),
    ...(ref.key === "" ? [required(at)] : invalidEach(at, ref.key, configMapKeyErrors(ref.key))),
  ];
}

/** Source: core/validation ValidateEnvFrom. That a source is missing is reported without its index. */
export function validateEnvFrom(sources: readonly EnvFromSource[], path: FieldPath): FieldError[] {
  return sources.flatMap((source, index) => validateEnvFromSource(source, path, path.index(index)));
}

function validateEnvFromSource(source: EnvFromSource, listPath: FieldPath, path: FieldPath): FieldError[] {
  const { prefix = "", configMapRef, secretRef } = source;
  const errors = prefix === "" ? [] : invalidEach(path.child("prefix"), prefix, envVarNameErrors(prefix));
  if (configMapRef)
    errors.push(...validateSourceName(configMapRef.name ?? "", path.child("configMapRef").child("name")));
  if (secretRef) errors.push(...validateSourceName(secretRef.name ?? "", path.child("secretRef").child("name")));
  if (!configMapRef && !secretRef) {
    errors.push(invalid(listPath, "", "must specify one of: `configMapRef` or `secretRef`"));
  } else if (configMapRef && secretRef) {
    errors.push(invalid(listPath, "", "may not have more than one field specified at a time"));
  }
  return errors;
}

function validateSourceName(name: string, path: FieldPath): FieldError[] {
  return name === "" ? [required(path)] : invalidEach(path, name, dnsSubdomainPrefixErrors(name));
}
