/** Where CSI volumes lie, as the kubelet lays them out. `root` is the agent's directory. Source: volume/csi csi_util.go. */
import { sha256 } from "../../api/sha256.ts";

/** Kind of a pod's directory of CSI volumes. */
export const CSI_PLACE_KIND = "kubernetes.io~csi";

const PLUGIN = "plugins/kubernetes.io/csi";

/** Below it one directory for each driver. */
export function csiPluginDirectory(root: string): string {
  return `${root}/${PLUGIN}`;
}

/** What a pod has of a volume: `mount` is its target, and the record lies beside it. */
export function podVolumeDirectory(root: string, uid: string, name: string): string {
  return `${root}/pods/${uid}/volumes/${CSI_PLACE_KIND}/${name}`;
}

/** The directory that holds the staged volume's record and, as `globalmount`, its mount. */
export function stagingDirectory(root: string, driver: string, volumeHandle: string): string {
  return `${root}/${PLUGIN}/${driver}/${sha256(volumeHandle)}`;
}

export function globalMount(root: string, driver: string, volumeHandle: string): string {
  return `${stagingDirectory(root, driver, volumeHandle)}/globalmount`;
}

/** Directories of a block volume. `name` is that of the PersistentVolume. */
export function blockStagingPath(root: string, name: string): string {
  return `${root}/${PLUGIN}/volumeDevices/staging/${name}`;
}

export function blockPublishDirectory(root: string, name: string): string {
  return `${root}/${PLUGIN}/volumeDevices/publish/${name}`;
}

export function blockPublishPath(root: string, name: string, uid: string): string {
  return `${blockPublishDirectory(root, name)}/${uid}`;
}

export function blockDataDirectory(root: string, name: string): string {
  return `${root}/${PLUGIN}/volumeDevices/${name}/data`;
}

/** Handle of an inline volume, the same at every try. Source: csi_plugin.go makeVolumeHandle. */
export function inlineVolumeHandle(uid: string, volumeName: string): string {
  return `csi-${sha256(`${uid}${volumeName}`)}`;
}

/** Name of the volume in the node's status. Source: csi_plugin.go GetVolumeName, util GetUniqueVolumeName. */
export function uniqueVolumeName(driver: string, volumeHandle: string): string {
  return `kubernetes.io/csi/${driver}^${volumeHandle}`;
}
