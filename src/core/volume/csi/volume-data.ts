/**
 * The record that lies beside a mounted CSI volume, vol_data.json, by which an agent that starts anew knows how to take it
 * back. Source: kubelet volume/csi csi_plugin.go volDataKey.
 */
import type { CsiLifecycle, CsiVolume } from "./csi-volume.ts";

export interface CsiVolumeData {
  readonly driver: string;
  readonly volumeHandle: string;
  /** Of the directory: the PersistentVolume's or the pod's volume's. Absent for a staged volume. */
  readonly name?: string;
  readonly lifecycle?: CsiLifecycle;
}

/** As the kubelet writes it, `nodeName` included. */
export function volumeDataFields(volume: CsiVolume, nodeName: string): Readonly<Record<string, string>> {
  return {
    specVolID: volume.name,
    volumeHandle: volume.volumeHandle,
    driverName: volume.driver,
    nodeName,
    volumeLifecycleMode: volume.lifecycle,
  };
}

export function stagedDataFields(driver: string, volumeHandle: string): Readonly<Record<string, string>> {
  return { volumeHandle, driverName: driver };
}

/** `undefined`: it says too little. */
export function parseVolumeData(fields: unknown): CsiVolumeData | undefined {
  if (typeof fields !== "object" || fields === null) return undefined;
  const { driverName, volumeHandle, specVolID, volumeLifecycleMode } = fields as Readonly<Record<string, unknown>>;
  if (typeof driverName !== "string" || typeof volumeHandle !== "string") return undefined;
  if (driverName === "" || volumeHandle === "") return undefined;
  return {
    driver: driverName,
    volumeHandle,
    ...(typeof specVolID === "string" && { name: specVolID }),
    ...((volumeLifecycleMode === "Persistent" || volumeLifecycleMode === "Ephemeral") && {
      lifecycle: volumeLifecycleMode,
    }),
  };
}
