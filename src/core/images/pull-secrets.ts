/**
 * The credentials in a pod's imagePullSecrets. Source: kubelet kubelet_pods.go getPullSecretsForPod,
 * credentialprovider/secrets/secrets.go.
 */
import type { Pod, Secret } from "../api/types.ts";
import { decodeBase64 } from "../volume/base64.ts";
import { type DockerConfigEntry, type DockerConfigForm, parseDockerConfig } from "./docker-config.ts";
import type { ImageEvent } from "./ensure-image.ts";
import type { SecretSource } from "./keyring.ts";

export interface SecretConfig {
  readonly entries: readonly DockerConfigEntry[];
  readonly secret: SecretSource;
}

export interface PullSecrets {
  readonly configs: readonly SecretConfig[];
  /** Says which Secrets are not there; the pull is tried without them. */
  readonly events: readonly ImageEvent[];
  /** Why the image cannot be pulled: a Secret holds something else than credentials. */
  readonly error?: string;
}

/** Type of the Secret -> the key of its data. */
const KINDS: Readonly<Record<string, { readonly key: string; readonly form: DockerConfigForm }>> = {
  "kubernetes.io/dockerconfigjson": { key: ".dockerconfigjson", form: "config.json" },
  "kubernetes.io/dockercfg": { key: ".dockercfg", form: ".dockercfg" },
};

/** In the order of the pod's spec. A Secret of another type holds nothing for a registry and is passed over. */
export function pullSecrets(pod: Pod, secretOf: (name: string) => Secret | undefined): PullSecrets {
  const missing: string[] = [];
  const configs: SecretConfig[] = [];
  for (const { name = "" } of pod.spec?.imagePullSecrets ?? []) {
    // Source: the kubelet passes over a reference without a name.
    if (name === "") continue;
    const secret = secretOf(name);
    if (secret === undefined) {
      missing.push(name);
      continue;
    }
    const config = secretConfig(secret);
    if (config === undefined) continue;
    if ("error" in config) return { configs, events: missingEvent(missing), error: config.error };
    configs.push(config);
  }
  return { configs, events: missingEvent(missing) };
}

function secretConfig(secret: Secret): SecretConfig | { readonly error: string } | undefined {
  const { name = "", namespace = "default", uid = "" } = secret.metadata ?? {};
  const type = secret.type ?? "";
  const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  if (kind === undefined) return undefined;
  const encoded = secret.data?.[kind.key] ?? "";
  if (encoded === "") return undefined;
  const parsed = parseDockerConfig(new TextDecoder().decode(decodeBase64(encoded)), kind.form);
  if ("error" in parsed) return { error: `image pull secret ${namespace}/${name}: ${kind.key} ${parsed.error}` };
  return { entries: parsed.entries, secret: { uid, namespace, name } };
}

function missingEvent(names: readonly string[]): readonly ImageEvent[] {
  if (names.length === 0) return [];
  const listed = names.join(", ");
  const message = `Unable to retrieve some image pull secrets (${listed}); attempting to pull the image may not succeed.`;
  return [{ type: "Warning", reason: "FailedToRetrieveImagePullSecret", message }];
}
