import type { FoundVolume } from "../../../core/volume/events.ts";
import {
  type IscsiDisk,
  iscsiDisk,
  iscsiMountPath,
  iscsiProblem,
  parseIscsiMount,
} from "../../../core/volume/iscsi-disk.ts";
import type { VolumePlace } from "../../../core/volume/state.ts";
import type { NetworkStorage } from "../../../ports/network-storage.ts";
import type { StorageFiles } from "../../../ports/storage-files.ts";
import type { VolumeFiles } from "../../../ports/volume-files.ts";
import type { MountOutcome, PodVolume, VolumePlugin } from "../volume-plugin.ts";
import { givePodGroup } from "./pod-group.ts";

const KIND = "kubernetes.io~iscsi";

export interface IscsiPorts {
  readonly network: NetworkStorage;
  readonly storage: StorageFiles;
  readonly files: Pick<VolumeFiles, "setGroup">;
}

interface IscsiVolume {
  /** Of the pod's directory for it. */
  readonly name: string;
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
  /** What is under way on the session with each target: all disks of a target share it. */
  readonly #sessions = new Map<string, Promise<unknown>>();

  constructor(ports: IscsiPorts, options: { readonly rootDir: string }) {
    this.#ports = ports;
    this.#rootDir = options.rootDir;
  }

  supports: VolumePlugin["supports"] = ({ iscsi }) => iscsi !== undefined;

  supportsClaimed: NonNullable<VolumePlugin["supportsClaimed"]> = (claimed) =>
    claimed.kind === "volume" && claimed.volume.spec?.iscsi !== undefined;

  /** Holds nothing but the record of the disk: the next agent learns there what the pod is on. */
  place(volume: PodVolume): VolumePlace | undefined {
    const iscsi = iscsiVolumeOf(volume);
    return iscsi && { kind: KIND, name: iscsi.name };
  }

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
    await this.#inTurn(iscsi.disk, async () => {
      // An agent that starts anew finds by the directory that the session may be there.
      await storage.makeDirectory(device);
      const path = await network.loginIscsi(iscsi.disk);
      if (iscsi.isBlock) return;
      await network.mountDisk(path, device, iscsi.fsType, [...iscsi.options, ...(iscsi.readOnly ? ["ro"] : [])]);
    });
    return {};
  }

  async mount(volume: PodVolume): Promise<MountOutcome> {
    const iscsi = iscsiVolumeOf(volume);
    if (iscsi === undefined) return { error: "not an iSCSI volume" };
    const { storage } = this.#ports;
    const readOnly = iscsi.readOnly ? { readOnly: true } : {};
    const directory = this.#podDirectory(volume.uid, iscsi.name);
    await storage.makeDirectory(directory);
    await storage.writeRecord(recordIn(directory), { device: iscsiMountPath(this.#rootDir, iscsi.disk) });
    if (iscsi.isBlock) {
      return { mounted: { path: await this.#ports.network.loginIscsi(iscsi.disk), isBlock: true, ...readOnly } };
    }
    const path = iscsiMountPath(this.#rootDir, iscsi.disk);
    await givePodGroup(this.#ports.files, volume.pod, path, iscsi.readOnly);
    return { mounted: { path, ...readOnly } };
  }

  unmountDevice = async (device: string): Promise<void> => {
    const { network, storage } = this.#ports;
    const disk = diskOf(device);
    if (disk === undefined) return;
    await this.#inTurn(disk, async () => {
      if ((await storage.kindOf(device)) === undefined) return;
      await network.unmountDisk(device);
      if (!(await this.#isShared(device, disk))) await network.logoutIscsi(disk);
      await storage.removeEmpty(device);
    });
  };

  /** Its disk is not to be taken from under a pod that an agent before this one has started. */
  async recognize(uid: string, found: FoundVolume): Promise<FoundVolume> {
    const record = await this.#ports.storage.readRecord(recordIn(this.#podDirectory(uid, found.place.name)));
    const device = deviceIn(record);
    return device === undefined ? found : { ...found, device: { name: device, plugin: this.name } };
  }

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

  /** Another disk of the target is in use, by the same session. Source: iscsi_util.go DetachDisk. */
  async #isShared(device: string, disk: IscsiDisk): Promise<boolean> {
    const others = (await this.leftDevices()).filter((other) => other !== device);
    return others.some((other) => {
      const its = diskOf(other);
      return its !== undefined && sessionOf(its) === sessionOf(disk);
    });
  }

  /** A login does not meet the logout of another disk of its target. */
  async #inTurn(disk: IscsiDisk, work: () => Promise<void>): Promise<void> {
    const session = sessionOf(disk);
    const mine = (this.#sessions.get(session) ?? Promise.resolve()).then(work, work);
    this.#sessions.set(session, mine);
    try {
      await mine;
    } finally {
      if (this.#sessions.get(session) === mine) this.#sessions.delete(session);
    }
  }

  #podDirectory(uid: string, name: string): string {
    return `${this.#rootDir}/pods/${uid}/volumes/${KIND}/${name}`;
  }
}

function recordIn(directory: string): string {
  return `${directory}/disk.json`;
}

function deviceIn(record: unknown): string | undefined {
  if (typeof record !== "object" || record === null) return undefined;
  const { device } = record as Readonly<Record<string, unknown>>;
  return typeof device === "string" ? device : undefined;
}

function diskOf(device: string): IscsiDisk | undefined {
  const [iface = "", name = ""] = device.split("/").slice(-2);
  return parseIscsiMount(iface.replace(/^iface-/, ""), name);
}

function sessionOf({ iface, portal, iqn }: IscsiDisk): string {
  return `${iface} ${portal} ${iqn}`;
}

function iscsiVolumeOf({ volume, claimed }: PodVolume): IscsiVolume | undefined {
  const persistent = claimed !== undefined && "volume" in claimed ? claimed : undefined;
  const source = persistent?.volume.spec?.iscsi ?? volume.iscsi;
  if (source === undefined) return undefined;
  return {
    name: persistent?.volume.metadata?.name ?? volume.name,
    disk: iscsiDisk(source),
    problem: iscsiProblem(source),
    readOnly: persistent?.readOnly === true || source.readOnly === true,
    isBlock: persistent?.volume.spec?.volumeMode === "Block",
    fsType: source.fsType ?? "",
    options: persistent?.volume.spec?.mountOptions ?? [],
  };
}
