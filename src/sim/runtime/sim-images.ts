/** Images of the simulated node: those in the registry can be pulled, those present can be run. */
import type { CriImage, ImageSpec } from "../../core/cri/types.ts";
import type { ImageService } from "../../ports/runtime.ts";
import type { Line } from "../line.ts";
import type { Random } from "../random.ts";
import type { VirtualTime } from "../time/virtual-time.ts";
import { failure } from "./sim-runtime.ts";

/** An image on its way here. Times are by the wall clock. */
export interface Fetch {
  readonly tag: string;
  readonly image: CriImage;
  readonly startMs: number;
  readonly endMs: number;
}

export class SimImages {
  readonly #random: Random;
  readonly #registry = new Map<string, CriImage>();
  readonly #present = new Set<string>();
  readonly #fetches = new Set<Fetch>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Puts an image into the registry. */
  publish(tag: string, sizeBytes = 4_000_000): void {
    if (this.#registry.has(tag)) return;
    const id = `sha256:${this.#random.hex(64)}`;
    this.#registry.set(tag, {
      id,
      repoTags: [tag],
      repoDigests: [],
      sizeBytes,
      username: "",
      pinned: false,
    });
  }

  get usedBytes(): number {
    let sum = 0;
    for (const tag of this.#present) sum += this.#registry.get(tag)?.sizeBytes ?? 0;
    return sum;
  }

  canPull(tag: string): boolean {
    return this.#registry.has(tag);
  }

  pull(tag: string): CriImage {
    const image = this.#registry.get(tag);
    if (image === undefined) {
      throw failure("NotFound", "PullImage", `failed to resolve reference "${tag}": ${tag}: not found`);
    }
    this.#present.add(tag);
    return image;
  }

  /** What is being fetched; each fetch is removed by whoever began it. */
  get fetches(): ReadonlySet<Fetch> {
    return this.#fetches;
  }

  /** Counts as being fetched over that time; `undefined`: the registry has none of that name. */
  beginFetch(tag: string, startMs: number, endMs: number): (() => void) | undefined {
    const image = this.#registry.get(tag);
    if (image === undefined) return undefined;
    const fetch = { tag, image, startMs, endMs };
    this.#fetches.add(fetch);
    return () => this.#fetches.delete(fetch);
  }

  remove(image: string): void {
    const tag = this.find(image)?.repoTags[0];
    if (tag !== undefined) this.#present.delete(tag);
  }

  /** By tag or id, among those present. */
  find(image: string): CriImage | undefined {
    return this.present().find(({ id, repoTags }) => id === image || repoTags.includes(image));
  }

  present(): readonly CriImage[] {
    return [...this.#registry].filter(([tag]) => this.#present.has(tag)).map(([, image]) => image);
  }
}

/** Where the runtime says that images are. */
export const SIM_IMAGES_DIR = "/var/lib/sim/images";

/** The kubelet's runtimeRequestTimeout. */
const TIMEOUT_MS = 120_000;
/** A runtime gives up a pull that makes no progress (containerd: after 5 minutes). */
const PULL_TIMEOUT_MS = 300_000;

export function simImageService(images: SimImages, time: VirtualTime, line: Line, pullMs: () => number): ImageService {
  const call = <T>(name: string, work: () => T | Promise<T>, options?: { readonly timeoutMs?: number }) =>
    line.call("images", name, work, { timeoutMs: TIMEOUT_MS, ...options });
  const matches = ({ image }: ImageSpec) => images.find(image);
  return {
    listImages: (filter, options) =>
      call(
        "ListImages",
        () => {
          if (filter?.image === undefined) return images.present();
          const found = matches(filter.image);
          return found === undefined ? [] : [found];
        },
        options,
      ),
    imageStatus: (image, options) => call("ImageStatus", () => matches(image), options),
    pullImage: (image, _auth, _sandboxConfig, options) =>
      call(
        "PullImage",
        async () => {
          const durationMs = pullMs();
          const endFetch = images.beginFetch(image.image, time.wallMs, time.wallMs + durationMs);
          await time.wait(durationMs);
          endFetch?.();
          return images.pull(image.image).id;
        },
        { timeoutMs: PULL_TIMEOUT_MS, ...options },
      ),
    removeImage: (image, options) => call("RemoveImage", () => images.remove(image.image), options),
    imageFsInfo: (options) =>
      call(
        "ImageFsInfo",
        () => {
          const { usedBytes } = images;
          const usage = { timestampMs: time.wallMs, mountpoint: SIM_IMAGES_DIR, usedBytes, inodesUsed: 1 };
          return { imageFilesystems: [usage], containerFilesystems: [] };
        },
        options,
      ),
  };
}
