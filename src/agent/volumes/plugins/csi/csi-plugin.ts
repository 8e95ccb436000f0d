/**
 * Volumes of CSI drivers, persistent and inline: asks the driver to publish them into the pod's directory and to take them
 * back. A record beside each volume tells the next agent what it is. Source: kubelet volume/csi csi_mounter.go.
 */

import { bytesOf } from "../../../../core/quantity/index.ts";
import {
  blockPublishDirectory,
  blockPublishPath,
  CSI_PLACE_KIND,
  podVolumeDirectory,
  uniqueVolumeName,
} from "../../../../core/volume/csi/csi-paths.ts";
import {
  appliesGroup,
  type CsiVolume,
  csiCapability,
  inlineCsiVolume,
  lifecycleProblem,
  persistentCsiVolume,
  volumeContext,
} from "../../../../core/volume/csi/csi-volume.ts";
import type { CsiVolumeStats } from "../../../../core/volume/csi/types.ts";
import { parseVolumeData, volumeDataFields } from "../../../../core/volume/csi/volume-data.ts";
import type { FoundVolume } from "../../../../core/volume/events.ts";
import type { MountedVolume, VolumePlace } from "../../../../core/volume/state.ts";
import { errorMessage, isFinalCsiError } from "../../../../ports/errors.ts";
import type { RegisteredDriver } from "../../../csi/csi-registry.ts";
import type { MountOutcome, PodVolume, VolumeMeasure, VolumePlugin } from "../../volume-plugin.ts";
import { givePodGroup } from "../pod-group.ts";
import type { CsiVolumesOptions, CsiVolumesPorts } from "./csi-ports.ts";
import { csiSecrets } from "./csi-secret.ts";
import { CsiStaging, recordIn } from "./csi-staging.ts";

/** A driver with requiresRepublish is asked again so often. Source: the kubelet's reconciler, about 90 s. */
const REPUBLISH_MS = 90_000;
/** Beside the kubelet's own fields: bytes that the volume has grown to, and the group that it was given. */
const CAPACITY_FIELD = "tskubeletCapacityBytes";
const GROUP_FIELD = "tskubeletGroup";

export class CsiPlugin implements VolumePlugin {
  readonly name = "kubernetes.io/csi";
  readonly #ports: CsiVolumesPorts;
  readonly #options: CsiVolumesOptions;
  readonly #staging: CsiStaging;

  constructor(ports: CsiVolumesPorts, options: CsiVolumesOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#staging = new CsiStaging(ports, options);
  }

  supports: VolumePlugin["supports"] = ({ csi }) => csi !== undefined;

  supportsClaimed: NonNullable<VolumePlugin["supportsClaimed"]> = (claimed) =>
    claimed.kind === "volume" && claimed.volume.spec?.csi !== undefined;

  place(volume: PodVolume): VolumePlace | undefined {
    const csi = csiVolumeOf(volume);
    return csi && { kind: CSI_PLACE_KIND, name: csi.name };
  }

  device(volume: PodVolume): string | undefined {
    const csi = csiVolumeOf(volume);
    return csi?.lifecycle === "Persistent" ? uniqueVolumeName(csi.driver, csi.volumeHandle) : undefined;
  }

  async mountDevice(_device: string, volume: PodVolume): Promise<{ readonly error?: string }> {
    const csi = csiVolumeOf(volume);
    return csi === undefined
      ? { error: "not a CSI volume" }
      : this.#staging.stage(csi, volume.pod.spec?.securityContext?.fsGroup);
  }

  unmountDevice = (device: string): Promise<void> => this.#staging.unstage(device);

  leftDevices = (): Promise<readonly string[]> => this.#staging.leftDevices();

  async mount(volume: PodVolume): Promise<MountOutcome> {
    const csi = csiVolumeOf(volume);
    if (csi === undefined) return { error: "not a CSI volume" };
    const { registry, objects, clock } = this.#ports;
    const object = objects.storage.drivers.get(csi.driver);
    const wrongMode = lifecycleProblem(csi, object);
    if (wrongMode !== undefined) {
      return { error: `kubernetes.io/csi: mounter.SetUpAt failed to check volume lifecycle mode: ${wrongMode}` };
    }
    const driver = registry.driver(csi.driver);
    if ("error" in driver) {
      return { error: `kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: ${driver.error}` };
    }
    const target = this.#target(csi, volume.uid);
    const mounted: MountedVolume = {
      path: target,
      ...(csi.isBlock && { isBlock: true }),
      ...(csi.readOnly && { readOnly: true }),
    };
    const republishes = object?.spec.requiresRepublish === true;
    if (republishes || !(await this.#isPublished(csi, volume.uid, target))) {
      const error = await this.#publish(csi, volume, driver, target);
      if (error !== undefined) return { error };
    }
    const delegated = driver.capabilities.has("VOLUME_MOUNT_GROUP");
    if (appliesGroup(csi, object, delegated)) await this.#giveGroup(csi, volume, target);
    const failure = await this.#grow(csi, volume, driver, target);
    if (failure !== undefined) return { error: failure };
    return { mounted, ...(republishes && { refreshAtMs: clock.now() + REPUBLISH_MS }) };
  }

  async unmount(uid: string, place: VolumePlace | undefined): Promise<void> {
    if (place === undefined) return;
    const { registry, storage } = this.#ports;
    const directory = podVolumeDirectory(this.#options.rootDir, uid, place.name);
    const record = await storage.readRecord(recordIn(directory));
    const data = parseVolumeData(record);
    // Nothing was ever asked of the driver.
    if (data === undefined) return;
    const driver = registry.driver(data.driver);
    if ("error" in driver) {
      throw new Error(`kubernetes.io/csi: Unmounter.TearDownAt failed to get CSI client: ${driver.error}`);
    }
    const targetPath = this.#targetOf(record, uid, place.name);
    await driver.connection.unpublish({ volumeId: data.volumeHandle, targetPath });
    await storage.removeEmpty(targetPath);
    await storage.removeRecord(recordIn(directory));
  }

  /** Source: volume/csi csi_metrics.go, csi_client.go NodeGetVolumeStats. */
  async measure(volume: PodVolume, path: string, signal: AbortSignal): Promise<VolumeMeasure | undefined> {
    const csi = csiVolumeOf(volume);
    const driver = csi === undefined ? undefined : this.#ports.registry.driver(csi.driver);
    if (csi === undefined || driver === undefined || "error" in driver) return undefined;
    if (!driver.capabilities.has("GET_VOLUME_STATS")) return undefined;
    const stagingTargetPath = csi.lifecycle === "Persistent" ? this.#staging.stagingPath(csi) : "";
    const request = { volumeId: csi.volumeHandle, volumePath: path, stagingTargetPath };
    return measureOf(await driver.connection.volumeStats(request, signal), driver.capabilities.has("VOLUME_CONDITION"));
  }

  async recognize(uid: string, found: FoundVolume): Promise<FoundVolume> {
    const { storage } = this.#ports;
    const { name } = found.place;
    const directory = podVolumeDirectory(this.#options.rootDir, uid, name);
    const record = await storage.readRecord(recordIn(directory));
    const data = parseVolumeData(record);
    if (data === undefined) return found;
    const path = this.#targetOf(record, uid, name);
    const isThere = await storage.isMountPoint(path);
    const isBlock = isBlockRecord(record);
    return {
      ...found,
      ...(data.lifecycle !== "Ephemeral" && {
        device: { name: uniqueVolumeName(data.driver, data.volumeHandle), plugin: this.name },
      }),
      ...(isThere && { mounted: { path, ...(isBlock && { isBlock }) } }),
    };
  }

  async #isPublished(csi: CsiVolume, uid: string, target: string): Promise<boolean> {
    const isRecorded = parseVolumeData(await this.#recorded(csi, uid)) !== undefined;
    return isRecorded && this.#ports.storage.isMountPoint(target);
  }

  /** The error, if there is one. */
  async #publish(
    csi: CsiVolume,
    { uid, pod }: PodVolume,
    driver: RegisteredDriver,
    target: string,
  ): Promise<string | undefined> {
    const { objects, storage } = this.#ports;
    const { rootDir } = this.#options;
    const secrets = csiSecrets(objects, csi.publishSecret, "NodePublishSecretRef");
    if ("error" in secrets) return `kubernetes.io/csi: ${secrets.error}`;
    const directory = podVolumeDirectory(rootDir, uid, csi.name);
    await storage.makeDirectory(directory);
    if (csi.isBlock) await storage.makeDirectory(blockPublishDirectory(rootDir, csi.name));
    await this.#writeRecord(csi, uid);
    const stages = csi.lifecycle === "Persistent" && driver.capabilities.has("STAGE_UNSTAGE_VOLUME");
    try {
      await driver.connection.publish({
        volumeId: csi.volumeHandle,
        publishContext: {},
        stagingTargetPath: stages ? this.#staging.stagingPath(csi) : "",
        targetPath: target,
        volumeCapability: csiCapability(csi, driver.capabilities, pod.spec?.securityContext?.fsGroup),
        readonly: csi.readOnly,
        secrets: secrets.secrets,
        volumeContext: volumeContext(csi, pod, objects.storage.drivers.get(csi.driver)),
      });
      return undefined;
    } catch (error) {
      // Where it says for sure that nothing is there, the driver need not be asked to take it back.
      if (isFinalCsiError(error) && !(await storage.isMountPoint(target))) {
        await storage.removeEmpty(target);
        await storage.removeRecord(recordIn(directory));
      }
      return `kubernetes.io/csi: mounter.SetupAt failed: ${errorMessage(error)}`;
    }
  }

  /** Once: going through a large volume takes long, and a container that runs has it to itself. */
  async #giveGroup(csi: CsiVolume, { uid, pod }: PodVolume, target: string): Promise<void> {
    const group = pod.spec?.securityContext?.fsGroup;
    if (group === undefined || csi.readOnly) return;
    if ((await this.#recorded(csi, uid))[GROUP_FIELD] === String(group)) return;
    await givePodGroup(this.#ports.files, pod, target, csi.readOnly);
    await this.#writeRecord(csi, uid, { [GROUP_FIELD]: String(group) });
  }

  /** A volume that its object says is larger than it was grows. Source: operation_generator.go expandVolumeDuringMount. */
  async #grow(
    csi: CsiVolume,
    volume: PodVolume,
    driver: RegisteredDriver,
    target: string,
  ): Promise<string | undefined> {
    const { log, objects } = this.#ports;
    const wanted = capacityBytes(volume);
    if (wanted === undefined || !driver.capabilities.has("EXPAND_VOLUME")) return undefined;
    const known = wholeNumber((await this.#recorded(csi, volume.uid))[CAPACITY_FIELD]);
    if (known === wanted) return undefined;
    if (known !== undefined && known < wanted) {
      const secrets = csiSecrets(objects, csi.expandSecret, "NodeExpandSecretRef");
      if ("error" in secrets) return `kubernetes.io/csi: ${secrets.error}`;
      try {
        await driver.connection.expand({
          volumeId: csi.volumeHandle,
          volumePath: target,
          requiredBytes: wanted,
          stagingTargetPath: this.#staging.stagingPath(csi),
          volumeCapability: csiCapability(csi, driver.capabilities, volume.pod.spec?.securityContext?.fsGroup),
          secrets: secrets.secrets,
        });
      } catch (error) {
        return `MountVolume.NodeExpandVolume failed for volume "${csi.name}" : Expander.NodeExpand failed to expand the volume : ${errorMessage(error)}`;
      }
      log.info("volume grown", { volume: csi.name, bytes: wanted });
    }
    await this.#writeRecord(csi, volume.uid, { [CAPACITY_FIELD]: String(wanted) });
    return undefined;
  }

  /** What is recorded of this very volume. */
  async #recorded(csi: CsiVolume, uid: string): Promise<Readonly<Record<string, unknown>>> {
    const record = await this.#ports.storage.readRecord(this.#recordPath(csi, uid));
    const data = parseVolumeData(record);
    const isOwn = data?.volumeHandle === csi.volumeHandle && data.driver === csi.driver;
    return isOwn ? (record as Readonly<Record<string, unknown>>) : {};
  }

  async #writeRecord(csi: CsiVolume, uid: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
    const known = await this.#recorded(csi, uid);
    const kept = [CAPACITY_FIELD, GROUP_FIELD].flatMap((field) => {
      const value = known[field];
      return typeof value === "string" ? [[field, value]] : [];
    });
    await this.#ports.storage.writeRecord(this.#recordPath(csi, uid), {
      ...volumeDataFields(csi, this.#options.nodeName),
      ...(csi.isBlock && { volumeMode: "Block" }),
      ...Object.fromEntries(kept),
      ...more,
    });
  }

  #recordPath(csi: CsiVolume, uid: string): string {
    return recordIn(podVolumeDirectory(this.#options.rootDir, uid, csi.name));
  }

  #target(csi: CsiVolume, uid: string): string {
    return this.#targetPath(uid, csi.name, csi.isBlock);
  }

  #targetOf(record: unknown, uid: string, name: string): string {
    return this.#targetPath(uid, name, isBlockRecord(record));
  }

  #targetPath(uid: string, name: string, isBlock: boolean): string {
    const { rootDir } = this.#options;
    return isBlock ? blockPublishPath(rootDir, name, uid) : `${podVolumeDirectory(rootDir, uid, name)}/mount`;
  }
}

function measureOf({ usage, condition }: CsiVolumeStats, tellsHealth: boolean): VolumeMeasure | undefined {
  const bytes = usage.find(({ unit }) => unit === "BYTES");
  const inodes = usage.find(({ unit }) => unit === "INODES");
  if (bytes === undefined) return undefined;
  return {
    kind: "figures",
    usage: { usedBytes: bytes.used, ...(inodes !== undefined && { inodesUsed: inodes.used }) },
    room: {
      capacityBytes: bytes.total,
      availableBytes: bytes.available,
      ...(inodes !== undefined && { inodes: inodes.total, inodesFree: inodes.available }),
    },
    ...(tellsHealth && condition !== undefined && { isAbnormal: condition.abnormal }),
  };
}

function csiVolumeOf({ pod, volume, claimed }: PodVolume): CsiVolume | undefined {
  if (claimed === undefined) return inlineCsiVolume(pod, volume);
  return "volume" in claimed ? persistentCsiVolume(claimed.volume, claimed.readOnly) : undefined;
}

function capacityBytes({ claimed }: PodVolume): number | undefined {
  const storage = claimed !== undefined && "volume" in claimed ? claimed.volume.spec?.capacity?.["storage"] : undefined;
  return storage === undefined ? undefined : bytesOf(storage);
}

function isBlockRecord(record: unknown): boolean {
  return (record as Readonly<Record<string, unknown>>)["volumeMode"] === "Block";
}

function wholeNumber(written: unknown): number | undefined {
  return typeof written === "string" && /^\d+$/.test(written) ? Number(written) : undefined;
}
