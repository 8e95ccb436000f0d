/** A CSI volume of a pod, inline or behind a claim, and what its driver is asked. Source: kubelet pkg/volume/csi. */
import type { CsiDriver, PersistentVolume, Pod, Volume } from "../../api/types.ts";
import { inlineVolumeHandle } from "./csi-paths.ts";
import type { CsiAccessMode, CsiNodeCapability, CsiVolumeCapability, StringMap } from "./types.ts";

export type CsiLifecycle = "Persistent" | "Ephemeral";

export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

export interface CsiVolume {
  readonly lifecycle: CsiLifecycle;
  readonly driver: string;
  readonly volumeHandle: string;
  /** Name of its directory: of the PersistentVolume, or of the pod's volume. */
  readonly name: string;
  readonly readOnly: boolean;
  readonly isBlock: boolean;
  readonly fsType: string;
  readonly mountOptions: readonly string[];
  readonly accessMode: string;
  readonly attributes: StringMap;
  readonly publishSecret?: SecretName;
  readonly stageSecret?: SecretName;
  readonly expandSecret?: SecretName;
}

/** `undefined`: the pod's volume is of another kind. */
export function inlineCsiVolume(pod: Pod, volume: Volume): CsiVolume | undefined {
  const { csi } = volume;
  if (csi === undefined) return undefined;
  const secret = csi.nodePublishSecretRef?.name;
  return {
    lifecycle: "Ephemeral",
    driver: csi.driver,
    volumeHandle: inlineVolumeHandle(pod.metadata?.uid ?? "", volume.name),
    name: volume.name,
    readOnly: csi.readOnly === true,
    isBlock: false,
    fsType: csi.fsType ?? "",
    mountOptions: [],
    accessMode: "ReadWriteOnce",
    attributes: csi.volumeAttributes ?? {},
    ...(secret && { publishSecret: { namespace: pod.metadata?.namespace ?? "default", name: secret } }),
  };
}

/** `readOnly`: as the pod wants it. `undefined`: the volume is of another kind. */
export function persistentCsiVolume(volume: PersistentVolume, readOnly: boolean): CsiVolume | undefined {
  const { csi, accessModes, mountOptions, volumeMode } = volume.spec ?? {};
  if (csi === undefined) return undefined;
  const secret = (reference: { readonly name?: string; readonly namespace?: string } | undefined) =>
    reference && { namespace: reference.namespace ?? "", name: reference.name ?? "" };
  const publishSecret = secret(csi.nodePublishSecretRef);
  const stageSecret = secret(csi.nodeStageSecretRef);
  const expandSecret = secret(csi.nodeExpandSecretRef);
  return {
    lifecycle: "Persistent",
    driver: csi.driver,
    volumeHandle: csi.volumeHandle,
    name: volume.metadata?.name ?? "",
    // Differs: the kubelet leaves csi.readOnly to the attacher, which a node alone does not have.
    readOnly: readOnly || csi.readOnly === true,
    isBlock: volumeMode === "Block",
    fsType: csi.fsType ?? "",
    mountOptions: mountOptions ?? [],
    accessMode: accessModes?.[0] ?? "ReadWriteOnce",
    attributes: csi.volumeAttributes ?? {},
    ...(publishSecret && { publishSecret }),
    ...(stageSecret && { stageSecret }),
    ...(expandSecret && { expandSecret }),
  };
}

const MODES: Readonly<Record<string, readonly [plain: CsiAccessMode, multiWriter: CsiAccessMode]>> = {
  ReadWriteOnce: ["SINGLE_NODE_WRITER", "SINGLE_NODE_MULTI_WRITER"],
  ReadOnlyMany: ["MULTI_NODE_READER_ONLY", "MULTI_NODE_READER_ONLY"],
  ReadWriteMany: ["MULTI_NODE_MULTI_WRITER", "MULTI_NODE_MULTI_WRITER"],
  ReadWriteOncePod: ["SINGLE_NODE_WRITER", "SINGLE_NODE_SINGLE_WRITER"],
};

/** `groupId`: for a driver that makes the volume the group's itself. Source: csi_client.go asCSIAccessModeV1, asSingleNodeMultiWriterCapableCSIAccessModeV1. */
export function csiCapability(
  volume: CsiVolume,
  capabilities: ReadonlySet<CsiNodeCapability>,
  groupId: number | undefined,
): CsiVolumeCapability {
  const [plain, multiWriter] = MODES[volume.accessMode] ?? ["UNKNOWN", "UNKNOWN"];
  const accessMode = capabilities.has("SINGLE_NODE_MULTI_WRITER") ? multiWriter : plain;
  if (volume.isBlock) return { block: {}, accessMode };
  const passesGroup = groupId !== undefined && capabilities.has("VOLUME_MOUNT_GROUP");
  const volumeMountGroup = passesGroup ? String(groupId) : "";
  return { mount: { fsType: volume.fsType, mountFlags: volume.mountOptions, volumeMountGroup }, accessMode };
}

/** What the driver is told of the volume, and of the pod where it asks for that. Source: csi_mounter.go, csi_util.go getPodInfoAttrs. */
export function volumeContext(volume: CsiVolume, pod: Pod, driver: CsiDriver | undefined): StringMap {
  if (driver?.spec.podInfoOnMount !== true) return volume.attributes;
  const { name = "", namespace = "default", uid = "" } = pod.metadata ?? {};
  return {
    ...volume.attributes,
    "csi.storage.k8s.io/pod.name": name,
    "csi.storage.k8s.io/pod.namespace": namespace,
    "csi.storage.k8s.io/pod.uid": uid,
    "csi.storage.k8s.io/serviceAccount.name": pod.spec?.serviceAccountName ?? "",
    "csi.storage.k8s.io/ephemeral": String(volume.lifecycle === "Ephemeral"),
  };
}

/** Why the driver's object does not allow such a volume; absent: it does. Source: csi_plugin.go supportsVolumeLifecycleMode. */
export function lifecycleProblem(volume: CsiVolume, driver: CsiDriver | undefined): string | undefined {
  const { lifecycle, driver: name } = volume;
  if (driver === undefined) {
    return lifecycle === "Persistent"
      ? undefined
      : `volume mode "${lifecycle}" not supported by driver ${name} (no CSIDriver object)`;
  }
  const modes = driver.spec.volumeLifecycleModes ?? ["Persistent"];
  if (modes.includes(lifecycle)) return undefined;
  return `volume mode "${lifecycle}" not supported by driver ${name} (only supports [${modes.map((mode) => `"${mode}"`).join(" ")}])`;
}

/**
 * Whether the agent makes the volume's files the pod's group's. Source: csi_mounter.go supportsFSGroup.
 * `delegated`: the driver does it.
 */
export function appliesGroup(volume: CsiVolume, driver: CsiDriver | undefined, delegated: boolean): boolean {
  if (delegated || volume.isBlock) return false;
  const policy = driver?.spec.fsGroupPolicy ?? "ReadWriteOnceWithFSType";
  if (policy === "None") return false;
  if (policy === "File") return true;
  if (volume.fsType === "") return false;
  return volume.lifecycle === "Ephemeral" || volume.accessMode === "ReadWriteOnce";
}
