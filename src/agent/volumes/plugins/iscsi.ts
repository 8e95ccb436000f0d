import {
  type IscsiDisk,
  iscsiDisk,
  iscsiMountPath,
  iscsiProblem,
  parseIscsiMount,
} from "../../../core/volume/iscsi-disk.ts";
import type { NetworkStorage } from "../../../ports/network-storage.ts";
import type { StorageFiles } from "../../../ports/storage-files.ts";
import type { VolumeFiles } from "../../../ports/volume-files.ts";
import type { MountOutcome, PodVolume, VolumePlugin } from "../volume-plugin.ts";
import { givePodGroup } from "./pod-group.ts";

export interface IscsiPorts {
  readonly network: NetworkStorage;
  readonly storage: StorageFiles;
  readonly files: Pick<VolumeFiles, "setGroup">;
}

interface IscsiVolume {
  readonly disk: IscsiDisk;
  readonly problem: string | undefined;
  readonly readOnly: boolean;
  readonly isBlock: boolean;
  readonly fsType: string;
  readonly options: readonly string[];
}

/**
 * Disks of iSCSI targets: logged in to and mounted once for the node; pods use it where it is mounted. Differs: the kubelet
 * binds it into the pod's directory. Source: volume/iscsi iscsi_util.go.
 */
export class IscsiPlugin implements VolumePlugin {
  readonly name = "kubernetes.io/iscsi";
  readonly #ports: IscsiPorts;
  readonly #rootDir: string;

  constructor(ports: IscsiPorts, options: { readonly rootDir: string }) {
    this.#ports = ports;
    this.#rootDir = options.rootDir;
  }

  supports: VolumePlugin["supports"] = ({ iscsi }) => iscsi !== undefined;

  supportsClaimed: NonNullable<VolumePlugin["supportsClaimed"]> = (claimed) =>
    claimed.kind === "volume" && claimed.volume.spec?.iscsi !== undefined;

  /** The place of its mount is its name: it says all that is needed to end it. */
  device(volume: PodVolume): string | undefined {
    const iscsi = iscsiVolumeOf(volume);
    return iscsi && iscsiMountPath(this.#rootDir, iscsi.disk);
  }

  async mountDevice(device: string, volume: PodVolume): Promise<{ readonly error?: string }> {
    const { network, storage } = this.#ports;
    const iscsi = iscsiVolumeOf(volume);
    if (iscsi === undefined) return { error: "not an iSCSI volume" };
    if (iscsi.problem !== undefined) return { error: iscsi.problem };
    // An agent that starts anew finds by the directory that the session may be there.
    await storage.makeDirectory(device);
    const path = await network.loginIscsi(iscsi.disk);
    if (!iscsi.isBlock) {
      await network.mountDisk(path, device, iscsi.fsType, [...iscsi.options, ...(iscsi.readOnly ? ["ro"] : [])]);
    }
    return {};
  }

  async mount(volume: PodVolume): Promise<MountOutcome> {
    const iscsi = iscsiVolumeOf(volume);
    if (iscsi === undefined) return { error: "not an iSCSI volume" };
    const readOnly = iscsi.readOnly ? { readOnly: true } : {};
    if (iscsi.isBlock) {
      return { mounted: { path: await this.#ports.network.loginIscsi(iscsi.disk), isBlock: true, ...readOnly } };
    }
    const path = iscsiMountPath(this.#rootDir, iscsi.disk);
    await givePodGroup(this.#ports.files, volume.pod, path, iscsi.readOnly);
    return { mounted: { path, ...readOnly } };
  }

  unmountDevice = async (device: string): Promise<void> => {
    const { network, storage } = this.#ports;
    const [iface = "", name = ""] = device.split("/").slice(-2);
    const disk = parseIscsiMount(iface.replace(/^iface-/, ""), name);
    if (disk === undefined || (await storage.kindOf(device)) === undefined) return;
    await network.unmountDisk(device);
    await network.logoutIscsi(disk);
    await storage.removeEmpty(device);
  };

  leftDevices = async (): Promise<readonly string[]> => {
    const { storage } = this.#ports;
    const base = `${this.#rootDir}/plugins/kubernetes.io/iscsi`;
    const devices: string[] = [];
    for (const iface of await storage.listDirectories(base)) {
      for (const name of await storage.listDirectories(`${base}/${iface}`)) devices.push(`${base}/${iface}/${name}`);
    }
    return devices;
  };

  measure: NonNullable<VolumePlugin["measure"]> = async (volume) =>
    iscsiVolumeOf(volume)?.isBlock === false ? { kind: "filesystem" } : undefined;
}

function iscsiVolumeOf({ volume, claimed }: PodVolume): IscsiVolume | undefined {
  const persistent = claimed !== undefined && "volume" in claimed ? claimed : undefined;
  const source = persistent?.volume.spec?.iscsi ?? volume.iscsi;
  if (source === undefined) return undefined;
  return {
    disk: iscsiDisk(source),
    problem: iscsiProblem(source),
    readOnly: persistent?.readOnly === true || source.readOnly === true,
    isBlock: persistent?.volume.spec?.volumeMode === "Block",
    fsType: source.fsType ?? "",
    options: persistent?.volume.spec?.mountOptions ?? [],
  };
}
