import { configMapPayload } from "../../../core/volume/payload.ts";
import type { VolumeFiles } from "../../../ports/volume-files.ts";
import type { ObjectLookup } from "../object-lookup.ts";
import { namespaceOf, objectKey, type VolumePlugin } from "../volume-plugin.ts";
import { mountPayload } from "./mount-payload.ts";

const KIND = "kubernetes.io~configmap";

export function configMapPlugin(files: VolumeFiles, objects: ObjectLookup): VolumePlugin {
  return {
    name: "kubernetes.io/configmap",
    supports: ({ configMap }) => configMap !== undefined,
    place: ({ volume }) => ({ kind: KIND, name: volume.name }),
    sources: ({ pod, volume }) => [objectKey("configMap", namespaceOf(pod), volume.configMap?.name ?? "")],
    mount: ({ uid, pod, volume }) => {
      const source = volume.configMap ?? {};
      const payload = configMapPayload(source, objects.configMap(namespaceOf(pod), source.name ?? ""));
      return mountPayload(files, { uid, pod, place: { kind: KIND, name: volume.name }, inMemory: false }, payload);
    },
  };
}
