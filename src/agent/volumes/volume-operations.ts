/** Operations on one volume or device by the plugin of its kind. Whatever goes wrong is a result. */
import { volumeSourceOf } from "../../core/volume/claims/resolve-claim.ts";
import type { FoundVolume, OperationResult } from "../../core/volume/events.ts";
import type { VolumePlace } from "../../core/volume/state.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { VolumeFiles } from "../../ports/volume-files.ts";
import { claimProblem } from "./claims/claimed-volume.ts";
import type { PodVolume, VolumePlugin } from "./volume-plugin.ts";

export interface VolumeOperationsPorts {
  readonly log: Log;
  readonly files: VolumeFiles;
  /** The first one that supports a volume makes it. */
  readonly plugins: readonly VolumePlugin[];
}

export interface MountOperation {
  readonly result: OperationResult;
  /** Milliseconds since 1970. */
  readonly refreshAtMs?: number;
}

export class VolumeOperations {
  readonly #ports: VolumeOperationsPorts;

  constructor(ports: VolumeOperationsPorts) {
    this.#ports = ports;
  }

  pluginOf(volume: PodVolume): VolumePlugin | undefined {
    return pluginFor(this.#ports.plugins, volume);
  }

  /** Whether it shows one of these objects, named by `objectKey`. */
  shows(volume: PodVolume, keys: ReadonlySet<string>): boolean {
    const sources = this.pluginOf(volume)?.sources?.(volume) ?? [];
    return sources.some((key) => keys.has(key));
  }

  /** The plugin of what lies at `place`, or of a volume that has none. */
  pluginAt(place: VolumePlace | undefined, volume: PodVolume | undefined): VolumePlugin | undefined {
    return place === undefined ? volume && this.pluginOf(volume) : this.#pluginOfPlace(place);
  }

  /** What the pod's directory of volumes holds. */
  async find(uid: string): Promise<readonly FoundVolume[]> {
    const found = await this.#ports.files.listVolumes(uid);
    return Promise.all(found.map((each) => this.#pluginOfPlace(each.place)?.recognize?.(uid, each) ?? each));
  }

  /** `volume` undefined: its pod has gone meanwhile. */
  async mount(volume: PodVolume | undefined, signal: AbortSignal): Promise<MountOperation> {
    if (volume === undefined) return { result: { kind: "failed", error: "the pod is not known any more" } };
    const problem = claimProblem(volume);
    if (problem !== undefined) return { result: { kind: "failed", error: problem, leftNothing: true } };
    const plugin = this.pluginOf(volume);
    if (plugin === undefined) {
      const error = `volumes of type ${typeOf(volume)} are not supported yet`;
      return { result: { kind: "failed", error, leftNothing: true } };
    }
    try {
      const outcome = await plugin.mount(volume, signal);
      if ("error" in outcome) return { result: { kind: "failed", error: outcome.error } };
      const { mounted, place, refreshAtMs } = outcome;
      const result = { kind: "done", mounted, ...(place !== undefined && { place }) } as const;
      return { result, ...(refreshAtMs !== undefined && { refreshAtMs }) };
    } catch (error) {
      return { result: { kind: "failed", error: errorMessage(error) } };
    }
  }

  /** `name` is the volume's in the state; `volume` is absent for what an agent before this one has left. */
  async unmount(
    uid: string,
    name: string,
    place: VolumePlace | undefined,
    volume: PodVolume | undefined,
  ): Promise<OperationResult> {
    const result = await attempt(async () => {
      const { files } = this.#ports;
      const plugin = this.pluginAt(place, volume);
      const specName = volume?.volume.name ?? place?.name ?? name;
      if (plugin?.unmount !== undefined) {
        // Source: operation_generator.go GenerateUnmountVolumeFunc. A subPath keeps the filesystem in use.
        if (!(await files.removeVolume(uid, specName))) return "target is busy";
        await plugin.unmount(uid, place, volume);
      }
      const isGone = await files.removeVolume(uid, specName, place);
      return isGone ? undefined : "target is busy";
    });
    if (result.kind === "failed") {
      this.#ports.log.warn("volume not unmounted", { podUid: uid, volume: name, error: result.error });
    }
    return result;
  }

  async mountDevice(device: string, volume: PodVolume | undefined, signal: AbortSignal): Promise<OperationResult> {
    const plugin = volume && this.pluginOf(volume);
    if (volume === undefined || plugin?.mountDevice === undefined) return { kind: "failed", error: "no plugin for it" };
    return attempt(async () => (await plugin.mountDevice?.(device, volume, signal))?.error);
  }

  async unmountDevice(device: string, pluginName: string): Promise<OperationResult> {
    const plugin = this.#ports.plugins.find(({ name }) => name === pluginName);
    const result = await attempt(async () => {
      await plugin?.unmountDevice?.(device);
      return undefined;
    });
    if (result.kind === "failed") this.#ports.log.warn("device not unmounted", { device, error: result.error });
    return result;
  }

  /** Devices that an agent before this one has left. */
  async leftDevices(): Promise<readonly { readonly device: string; readonly plugin: string }[]> {
    const left = await Promise.all(
      this.#ports.plugins.map(async (plugin) =>
        ((await plugin.leftDevices?.()) ?? []).map((device) => ({ device, plugin: plugin.name })),
      ),
    );
    return left.flat();
  }

  #pluginOfPlace({ kind }: VolumePlace): VolumePlugin | undefined {
    return this.#ports.plugins.find(({ name }) => name.replace("/", "~") === kind);
  }
}

/** The first plugin that makes such a volume. */
export function pluginFor(plugins: readonly VolumePlugin[], { volume, claimed }: PodVolume): VolumePlugin | undefined {
  if (claimed === undefined) return plugins.find((plugin) => plugin.supports(volume));
  return "error" in claimed ? undefined : plugins.find((plugin) => plugin.supportsClaimed?.(claimed) === true);
}

/** `operation` gives what went wrong, or nothing. */
async function attempt(operation: () => Promise<string | undefined>): Promise<OperationResult> {
  try {
    const error = await operation();
    return error === undefined ? { kind: "done" } : { kind: "failed", error };
  } catch (error) {
    return { kind: "failed", error: errorMessage(error) };
  }
}

function typeOf({ volume, claimed }: PodVolume): string {
  if (claimed !== undefined && "volume" in claimed) return volumeSourceOf(claimed.volume);
  return Object.keys(volume).find((key) => key !== "name") ?? "none";
}
