import type { Pod, Volume } from "../api/types.ts";

/**
 * The volumes that a pod's containers wait for: those that some container mounts. One that nobody mounts is not made.
 * Source: kubelet volumemanager/populator processPodVolumes, util GetPodVolumeNames.
 */
export function volumesToMount(pod: Pod): readonly Volume[] {
  const { volumes = [], initContainers = [], containers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const all = [...initContainers, ...containers, ...ephemeralContainers];
  const used = new Set(
    all.flatMap(({ volumeMounts = [], volumeDevices = [] }) =>
      [...volumeMounts, ...volumeDevices].map(({ name }) => name),
    ),
  );
  return volumes.filter(({ name }) => used.has(name));
}

/** Text of a FailedMount event about a pod that has waited long. Source: volume_manager.go WaitForAttachAndMount. */
export function mountTimeoutText(unmounted: readonly string[], unattached: readonly string[]): string {
  const list = (names: readonly string[]) => `[${names.join(" ")}]`;
  return `Unable to attach or mount volumes: unmounted volumes=${list(unmounted)}, unattached volumes=${list(unattached)}, failed to process volumes=[]: timed out waiting for the condition`;
}

/** Text of a FailedMount event about a volume whose claim leads nowhere. Source: as above, of a volume that was not processed. */
export function claimProblemText(name: string, error: string): string {
  return `Unable to attach or mount volumes: unmounted volumes=[${name}], unattached volumes=[], failed to process volumes=[${name}]: ${error}`;
}
