import type { ResourceList } from "../../../core/api/types.ts";
import {
  type ProjectedContext,
  projectedObjects,
  projectedPayload,
  type TokenProjection,
  tokenProjections,
} from "../../../core/volume/projected-payload.ts";
import type { VolumeFiles } from "../../../ports/volume-files.ts";
import type { ObjectLookup } from "../object-lookup.ts";
import type { PodTokens } from "../pod-tokens.ts";
import { namespaceOf, objectKey, type PodVolume, type VolumePlugin } from "../volume-plugin.ts";
import { mountPayload } from "./mount-payload.ts";

const KIND = "kubernetes.io~projected";

export interface ProjectedPorts {
  readonly files: VolumeFiles;
  readonly objects: ObjectLookup;
  readonly tokens: PodTokens;
}

export function projectedPlugin({ files, objects, tokens }: ProjectedPorts, allocatable: ResourceList): VolumePlugin {
  /** All tokens of the volume, and when the first of them is to be replaced. */
  async function tokensOf({ pod, volume }: PodVolume, signal: AbortSignal) {
    const all = new Map<TokenProjection, { readonly token: string } | { readonly error: string }>();
    let refreshAtMs: number | undefined;
    for (const source of tokenProjections(volume.projected ?? {})) {
      const token = await tokens.get(pod, source, signal);
      all.set(source, token);
      if ("token" in token) refreshAtMs = Math.min(refreshAtMs ?? token.refreshAtMs, token.refreshAtMs);
    }
    return { all, refreshAtMs };
  }

  return {
    name: "kubernetes.io/projected",
    supports: ({ projected }) => projected !== undefined,
    place: ({ volume }) => ({ kind: KIND, name: volume.name }),
    followsPod: true,
    sources: ({ pod, volume }) => {
      const { configMaps, secrets } = projectedObjects(volume.projected ?? {});
      const namespace = namespaceOf(pod);
      return [
        ...configMaps.map((name) => objectKey("configMap", namespace, name)),
        ...secrets.map((name) => objectKey("secret", namespace, name)),
      ];
    },
    mount: async (request, signal) => {
      const { uid, pod, volume } = request;
      const namespace = namespaceOf(pod);
      const { all, refreshAtMs } = await tokensOf(request, signal);
      const context: ProjectedContext = {
        pod,
        allocatable,
        configMap: (name) => objects.configMap(namespace, name),
        secret: (name) => objects.secret(namespace, name),
        tokens: all,
      };
      const payload = projectedPayload(volume.projected ?? {}, context);
      const place = { kind: KIND, name: volume.name };
      const outcome = await mountPayload(files, { uid, pod, place, inMemory: true }, payload);
      return "error" in outcome || refreshAtMs === undefined ? outcome : { ...outcome, refreshAtMs };
    },
    unmount: async (uid) => tokens.forget(uid),
  };
}
