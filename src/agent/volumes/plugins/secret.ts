import { secretPayload } from "../../../core/volume/payload.ts";
import type { VolumeFiles } from "../../../ports/volume-files.ts";
import type { ObjectLookup } from "../object-lookup.ts";
import { namespaceOf, objectKey, type VolumePlugin } from "../volume-plugin.ts";
import { mountPayload } from "./mount-payload.ts";

const KIND = "kubernetes.io~secret";

export function secretPlugin(files: VolumeFiles, objects: ObjectLookup): VolumePlugin {
  return {
    name: "kubernetes.io/secret",
    supports: ({ secret }) => secret !== undefined,
    place: ({ volume }) => ({ kind: KIND, name: volume.name }),
    sources: ({ pod, volume }) => [objectKey("secret", namespaceOf(pod), volume.secret?.secretName ?? "")],
    mount: ({ uid, pod, volume }) => {
      const source = volume.secret ?? {};
      const payload = secretPayload(source, objects.secret(namespaceOf(pod), source.secretName ?? ""));
      return mountPayload(files, { uid, pod, place: { kind: KIND, name: volume.name }, inMemory: true }, payload);
    },
  };
}
