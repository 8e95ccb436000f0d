/** The filesystems that the node works on: of its own files, of images, of containers' writable layers. */
import type { FilesystemLayout } from "../../core/eviction/index.ts";
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
  /** What writable layers take, where it says that, too. */
  readonly layers?: DiskUsage;
}

/** As long as containerd believes its own figures. */
const IMAGE_FIGURES_LIVE_MS = 10_000;
const RUNTIME_TIMEOUT_MS = 2_000;

/**
 * What lies on which filesystem; `undefined`: not known. Source: kubelet stats/provider.go HasDedicatedImageFs, eviction
 * IsContainerFsSeparateFromImageFs of 1.31. Differs: devices are compared, not mount points, and all three may be apart.
 */
export function filesystemLayout({ nodeFs, imageFs, containerFs }: ObservedDisks): FilesystemLayout | undefined {
  if (nodeFs === undefined || imageFs === undefined || containerFs === undefined) return undefined;
  const [node, images, layers] = [nodeFs, imageFs, containerFs].map(({ filesystem }) => filesystem.device);
  if (images === layers) return node === images ? "Shared" : "DedicatedImages";
  return node === layers ? "SplitImages" : "Separate";
}

/** What the runtime told last. */
interface RuntimeDisks {
  readonly images: CriFilesystemUsage;
  readonly layers: CriFilesystemUsage | undefined;
  readonly askedAt: number;
}

export class NodeDisks {
  readonly #ports: NodeDisksPorts;
  readonly #rootDir: string;
  #runtime: RuntimeDisks | undefined;
  #asking: Promise<void> | undefined;

  constructor(ports: NodeDisksPorts, options: { readonly rootDir: string }) {
    this.#ports = ports;
    this.#rootDir = options.rootDir;
  }

  /** Filesystems as they are now; what images take may be some seconds old. Waits for the runtime only the first time. */
  async observe(): Promise<ObservedDisks> {
    const { images, layers, askedAt = 0 } = (await this.#runtimeDisks()) ?? {};
    // A runtime that tells of images alone keeps writable layers beside them.
    const layersAt = layers?.mountpoint ?? images?.mountpoint;
    const [nodeFs, imageFs, layersFs] = await Promise.all([
      this.#disk(this.#rootDir),
      this.#disk(images?.mountpoint),
      layersAt === images?.mountpoint ? undefined : this.#disk(layersAt),
    ]);
    const containerFs = layersAt === images?.mountpoint ? imageFs : layersFs;
    return {
      ...(nodeFs !== undefined && { nodeFs }),
      ...(imageFs !== undefined && { imageFs }),
      ...(containerFs !== undefined && { containerFs }),
      ...(images !== undefined && { images: usageOf(images, askedAt) }),
      ...(layers !== undefined && { layers: usageOf(layers, askedAt) }),
    };
  }

  async #runtimeDisks(): Promise<RuntimeDisks | undefined> {
    const age = this.#ports.clock.monotonic() - (this.#runtime?.askedAt ?? -Infinity);
    if (age > IMAGE_FIGURES_LIVE_MS) {
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = undefined;
      });
      if (this.#runtime === undefined) await this.#asking;
    }
    return this.#runtime;
  }

  async #ask(): Promise<void> {
    const { clock, images, log } = this.#ports;
    try {
      const { imageFilesystems, containerFilesystems } = await images.imageFsInfo({ timeoutMs: RUNTIME_TIMEOUT_MS });
      const [[image], [layers]] = [imageFilesystems, containerFilesystems];
      if (image !== undefined) this.#runtime = { images: image, layers, askedAt: clock.monotonic() };
    } catch (error) {
      log.warn("image filesystem not observed", { error: errorMessage(error) });
    }
  }

  async #disk(directory: string | undefined): Promise<NodeDisk | undefined> {
    if (directory === undefined) return undefined;
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
