/** The filesystems that the node works on: of its own files, of images, of containers' writable layers. */
import type { DiskUsage, FilesystemObservation } from "../../core/stats/observations.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { CriFilesystemUsage, ImageService } from "../../ports/runtime.ts";
import type { Stats } from "../../ports/stats.ts";

export interface NodeDisksPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly stats: Pick<Stats, "filesystem">;
  readonly images: Pick<ImageService, "imageFsInfo">;
}

/** One of them as it is now. */
export interface NodeDisk {
  readonly directory: string;
  readonly filesystem: FilesystemObservation;
}

/** Absent: not observed. */
export interface ObservedDisks {
  readonly nodeFs?: NodeDisk;
  readonly imageFs?: NodeDisk;
  readonly containerFs?: NodeDisk;
  /** What images take, as the runtime says. */
  readonly images?: DiskUsage;
}

/** As long as containerd believes its own figures. */
const IMAGE_FIGURES_LIVE_MS = 10_000;
const RUNTIME_TIMEOUT_MS = 2_000;

/**
 * Images have a filesystem of their own, not the node's; `undefined`: not known. Source: kubelet stats/provider.go
 * HasDedicatedImageFs.
 */
export function hasDedicatedImageFs({ nodeFs, imageFs }: ObservedDisks): boolean | undefined {
  if (nodeFs === undefined || imageFs === undefined) return undefined;
  return nodeFs.filesystem.device !== imageFs.filesystem.device;
}

export class NodeDisks {
  readonly #ports: NodeDisksPorts;
  readonly #rootDir: string;
  #images: { readonly info: CriFilesystemUsage; readonly askedAt: number } | undefined;
  #asking: Promise<void> | undefined;

  constructor(ports: NodeDisksPorts, options: { readonly rootDir: string }) {
    this.#ports = ports;
    this.#rootDir = options.rootDir;
  }

  /** Filesystems as they are now; what images take may be some seconds old. Waits for the runtime only the first time. */
  async observe(): Promise<ObservedDisks> {
    const images = await this.#imageInfo();
    const [nodeFs, imageFs] = await Promise.all([
      this.#disk(this.#rootDir),
      images === undefined ? undefined : this.#disk(images.info.mountpoint),
    ]);
    return {
      ...(nodeFs !== undefined && { nodeFs }),
      // containerd keeps writable layers beside the images.
      ...(imageFs !== undefined && { imageFs, containerFs: imageFs }),
      ...(images !== undefined && { images: usageOf(images.info, images.askedAt) }),
    };
  }

  async #imageInfo() {
    const age = this.#ports.clock.monotonic() - (this.#images?.askedAt ?? -Infinity);
    if (age > IMAGE_FIGURES_LIVE_MS) {
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = undefined;
      });
      if (this.#images === undefined) await this.#asking;
    }
    return this.#images;
  }

  async #ask(): Promise<void> {
    const { clock, images, log } = this.#ports;
    try {
      const [info] = await images.imageFsInfo({ timeoutMs: RUNTIME_TIMEOUT_MS });
      if (info !== undefined) this.#images = { info, askedAt: clock.monotonic() };
    } catch (error) {
      log.warn("image filesystem not observed", { error: errorMessage(error) });
    }
  }

  async #disk(directory: string): Promise<NodeDisk | undefined> {
    const filesystem = await this.#ports.stats.filesystem(directory);
    return filesystem && { directory, filesystem };
  }
}

function usageOf({ timestampMs, usedBytes, inodesUsed }: CriFilesystemUsage, monotonicMs: number): DiskUsage {
  return {
    atMs: timestampMs,
    monotonicMs,
    ...(usedBytes !== undefined && { usedBytes }),
    ...(inodesUsed !== undefined && { inodesUsed }),
  };
}
