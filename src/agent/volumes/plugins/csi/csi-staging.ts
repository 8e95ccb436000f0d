/** Volumes that a driver stages once on the node for all pods. Source: kubelet volume/csi csi_attacher.go, csi_block.go. */
import {
  blockStagingPath,
  csiPluginDirectory,
  globalMount,
  stagingDirectory,
  uniqueVolumeName,
} from "../../../../core/volume/csi/csi-paths.ts";
import { type CsiVolume, csiCapability } from "../../../../core/volume/csi/csi-volume.ts";
import { parseVolumeData, stagedDataFields } from "../../../../core/volume/csi/volume-data.ts";
import { errorMessage, isFinalCsiError } from "../../../../ports/errors.ts";
import type { CsiVolumesOptions, CsiVolumesPorts } from "./csi-ports.ts";
import { csiSecrets } from "./csi-secret.ts";

/** Of block volumes, among the directories of drivers. */
const DEVICES_DIRECTORY = "volumeDevices";

export class CsiStaging {
  readonly #ports: CsiVolumesPorts;
  readonly #options: CsiVolumesOptions;

  constructor(ports: CsiVolumesPorts, options: CsiVolumesOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  /** Where the driver stages the volume. */
  stagingPath(volume: CsiVolume): string {
    const { rootDir } = this.#options;
    return volume.isBlock
      ? blockStagingPath(rootDir, volume.name)
      : globalMount(rootDir, volume.driver, volume.volumeHandle);
  }

  /** A driver that stages nothing is done at once. */
  async stage(volume: CsiVolume, groupId: number | undefined): Promise<{ readonly error?: string }> {
    const { registry, objects, storage } = this.#ports;
    const driver = registry.driver(volume.driver);
    if ("error" in driver) {
      return { error: `kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient: ${driver.error}` };
    }
    if (!driver.capabilities.has("STAGE_UNSTAGE_VOLUME")) return {};
    const secrets = csiSecrets(objects, volume.stageSecret, "NodeStageSecretRef");
    if ("error" in secrets) return { error: `kubernetes.io/csi: ${secrets.error}` };
    const path = this.stagingPath(volume);
    const directory = this.#directory(volume.driver, volume.volumeHandle);
    await storage.makeDirectory(directory);
    await storage.writeRecord(recordIn(directory), {
      ...stagedDataFields(volume.driver, volume.volumeHandle),
      ...(volume.isBlock && { volumeMode: "Block", specVolID: volume.name }),
    });
    await storage.makeDirectory(path);
    try {
      await driver.connection.stage({
        volumeId: volume.volumeHandle,
        publishContext: {},
        stagingTargetPath: path,
        volumeCapability: csiCapability(volume, driver.capabilities, groupId),
        secrets: secrets.secrets,
        volumeContext: volume.attributes,
      });
      return {};
    } catch (error) {
      if (isFinalCsiError(error)) await this.#forget(directory, path);
      return { error: errorMessage(error) };
    }
  }

  /** Idempotent; rejects where the driver cannot do it now. */
  async unstage(device: string): Promise<void> {
    const staged = parseDevice(device);
    if (staged === undefined) return;
    const { registry, storage } = this.#ports;
    const directory = this.#directory(staged.driver, staged.volumeHandle);
    const record = await storage.readRecord(recordIn(directory));
    if (parseVolumeData(record) === undefined) return;
    const path = this.#recordedPath(staged, record);
    const driver = registry.driver(staged.driver);
    if ("error" in driver) {
      throw new Error(`kubernetes.io/csi: attacher.UnmountDevice failed to create newCsiDriverClient: ${driver.error}`);
    }
    await driver.connection.unstage({ volumeId: staged.volumeHandle, stagingTargetPath: path });
    await this.#forget(directory, path);
  }

  /** Everything that is staged, or was about to be. */
  async leftDevices(): Promise<readonly string[]> {
    const { storage } = this.#ports;
    const base = csiPluginDirectory(this.#options.rootDir);
    const devices: string[] = [];
    for (const driver of await storage.listDirectories(base)) {
      if (driver === DEVICES_DIRECTORY) continue;
      for (const name of await storage.listDirectories(`${base}/${driver}`)) {
        const data = parseVolumeData(await storage.readRecord(recordIn(`${base}/${driver}/${name}`)));
        if (data !== undefined) devices.push(uniqueVolumeName(data.driver, data.volumeHandle));
      }
    }
    return devices;
  }

  #directory(driver: string, volumeHandle: string): string {
    return stagingDirectory(this.#options.rootDir, driver, volumeHandle);
  }

  #recordedPath({ driver, volumeHandle }: StagedVolume, record: unknown): string {
    const { rootDir } = this.#options;
    const { volumeMode } = record as Readonly<Record<string, unknown>>;
    const name = parseVolumeData(record)?.name;
    return volumeMode === "Block" && name !== undefined
      ? blockStagingPath(rootDir, name)
      : globalMount(rootDir, driver, volumeHandle);
  }

  /** The record goes last: until then the next agent knows what is left. */
  async #forget(directory: string, path: string): Promise<void> {
    const { storage } = this.#ports;
    await storage.removeEmpty(path);
    await storage.removeRecord(recordIn(directory));
    await storage.removeEmpty(directory);
  }
}

interface StagedVolume {
  readonly driver: string;
  readonly volumeHandle: string;
}

/** The other way round of `uniqueVolumeName`. */
function parseDevice(device: string): StagedVolume | undefined {
  const [, driver, volumeHandle] = /^kubernetes\.io\/csi\/([^^]+)\^(.*)$/s.exec(device) ?? [];
  return driver === undefined || volumeHandle === undefined ? undefined : { driver, volumeHandle };
}

export function recordIn(directory: string): string {
  return `${directory}/vol_data.json`;
}
