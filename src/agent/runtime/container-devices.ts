import type { Container } from "../../core/api/types.ts";
import type { CriDevice } from "../../core/cri/types.ts";
import type { MountedVolume } from "../../core/volume/state.ts";

/** Block volumes as devices of a container. Source: kubelet kubelet_pods.go makeBlockVolumes. */
export function containerDevices(
  container: Container,
  volumes: ReadonlyMap<string, MountedVolume>,
): { readonly devices: readonly CriDevice[] } | { readonly error: string } {
  const devices: CriDevice[] = [];
  for (const { name, devicePath } of container.volumeDevices ?? []) {
    const volume = volumes.get(name);
    if (volume === undefined) {
      return { error: `cannot find volume "${name}" to pass into container "${container.name}"` };
    }
    if (volume.isBlock !== true) return { error: `volume "${name}" is not a block device` };
    devices.push({
      containerPath: devicePath,
      hostPath: volume.path,
      permissions: volume.readOnly === true ? "r" : "mrw",
    });
  }
  return { devices };
}
