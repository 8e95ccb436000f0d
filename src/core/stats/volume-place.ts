/** Which volumes of a pod are measured, and where they lie: kubelet_getters.go getPodVolumeDir. */
import type { Volume } from "../api/types.ts";

/** Volumes that have figures of their own; others (hostPath) are not the pod's. Source: GetMetrics of each plugin. */
export interface VolumePlace {
  readonly name: string;
  readonly directory: string;
  /** It takes room of the node's disk and goes with the pod. Source: volume/util IsLocalEphemeralVolume. */
  readonly isLocalEphemeral: boolean;
}

/** `podsDirectory` is the agent's directory of pods. */
export function volumePlaces(volumes: readonly Volume[], uid: string, podsDirectory: string): readonly VolumePlace[] {
  return volumes.flatMap((volume) => {
    const plugin = pluginOf(volume);
    if (plugin === undefined) return [];
    const { name } = volume;
    const medium = volume.emptyDir?.medium ?? "";
    const isLocalEphemeral = (plugin === "empty-dir" && medium === "") || plugin === "configmap";
    return [{ name, directory: `${podsDirectory}/${uid}/volumes/kubernetes.io~${plugin}/${name}`, isLocalEphemeral }];
  });
}

function pluginOf(volume: Volume): string | undefined {
  if (volume.emptyDir !== undefined || Object.keys(volume).every((key) => key === "name")) return "empty-dir";
  if (volume.configMap !== undefined) return "configmap";
  if (volume.secret !== undefined) return "secret";
  if (volume.downwardAPI !== undefined) return "downward-api";
  if (volume.projected !== undefined) return "projected";
  return undefined;
}
