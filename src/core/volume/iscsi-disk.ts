/** A disk that an iSCSI target serves, and what the machine calls it. Source: kubelet volume/iscsi iscsi_util.go. */
import type { PersistentVolume, Volume } from "../api/types.ts";

export interface IscsiDisk {
  /** "192.0.2.1:3260". */
  readonly portal: string;
  readonly iqn: string;
  readonly lun: number;
  /** Of open-iscsi; "default". */
  readonly iface: string;
}

type IscsiSource = NonNullable<Volume["iscsi"]> | NonNullable<NonNullable<PersistentVolume["spec"]>["iscsi"]>;

const PORT = 3260;

/** Only the first portal is used: paths are not combined here. */
export function iscsiDisk({ targetPortal, iqn, lun, iscsiInterface }: IscsiSource): IscsiDisk {
  const portal = /:\d+$/.test(targetPortal) ? targetPortal : `${targetPortal}:${PORT}`;
  return { portal, iqn, lun, iface: iscsiInterface || "default" };
}

/** Why a node here does not use it; absent: it does. */
export function iscsiProblem(source: IscsiSource): string | undefined {
  if (source.chapAuthDiscovery || source.chapAuthSession) return "CHAP authentication of iSCSI is not supported";
  return source.initiatorName ? "an initiatorName of iSCSI is not supported" : undefined;
}

/** Name of the disk once the machine has logged in. */
export function iscsiDevicePath({ portal, iqn, lun }: IscsiDisk): string {
  return `/dev/disk/by-path/ip-${portal}-iscsi-${iqn}-lun-${lun}`;
}

/** Where it is mounted once for all pods, below the agent's directory. */
export function iscsiMountPath(root: string, { iface, portal, iqn, lun }: IscsiDisk): string {
  return `${root}/plugins/kubernetes.io/iscsi/iface-${iface}/${portal}-${iqn}-lun-${lun}`;
}

/** The other way round of the last part of `iscsiMountPath`. */
export function parseIscsiMount(iface: string, name: string): IscsiDisk | undefined {
  const [, portal, iqn, lun] = /^(.+?:\d+)-(.+)-lun-(\d+)$/.exec(name) ?? [];
  return portal === undefined || iqn === undefined ? undefined : { portal, iqn, lun: Number(lun), iface };
}
