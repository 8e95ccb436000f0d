import type { ConfigMap, Secret } from "../api/types.ts";
import { encodeBase64Text } from "./base64-text.ts";

/** Source: SetDefaults_ConfigMap. */
export function defaultConfigMap(configMap: ConfigMap): ConfigMap {
  return { ...configMap, data: configMap.data ?? {} };
}

/**
 * `type` filled and `stringData` merged into `data`, where it wins over a key of the same name.
 * Source: SetDefaults_Secret, core/v1 conversion of Secret.
 */
export function defaultSecret(secret: Secret): Secret {
  const { stringData, ...rest } = secret;
  const typed = { ...rest, type: secret.type || "Opaque" };
  if (stringData === undefined) return typed;
  const written = Object.entries(stringData).map(([key, text]) => [key, encodeBase64Text(text)] as const);
  return { ...typed, data: { ...secret.data, ...Object.fromEntries(written) } };
}
