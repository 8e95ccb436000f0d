import { decodeBase64 } from "../../../../core/volume/base64.ts";
import type { SecretName } from "../../../../core/volume/csi/csi-volume.ts";
import type { StringMap } from "../../../../core/volume/csi/types.ts";
import type { ObjectLookup } from "../../object-lookup.ts";

/** The secret's texts for the driver, or why not, in the kubelet's words. Source: csi_util.go getCredentialsFromSecret. */
export function csiSecrets(
  objects: Pick<ObjectLookup, "secret">,
  secret: SecretName | undefined,
  kind: "NodeStageSecretRef" | "NodePublishSecretRef" | "NodeExpandSecretRef",
): { readonly secrets: StringMap } | { readonly error: string } {
  if (secret === undefined) return { secrets: {} };
  const { namespace, name } = secret;
  const found = objects.secret(namespace, name);
  if (found === undefined) {
    return {
      error: `fetching ${kind} ${namespace}/${name} failed: failed to find the secret ${name} in the namespace ${namespace} with error: secrets "${name}" not found`,
    };
  }
  const text = new TextDecoder();
  const entries = Object.entries(found.data ?? {}).map(([key, value]) => [key, text.decode(decodeBase64(value))]);
  return { secrets: Object.fromEntries(entries) };
}
