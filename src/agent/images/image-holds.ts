/**
 * Who needs which image at this moment: a container that is being made holds its image from the look that found it until
 * the runtime knows the container, and the garbage collection removes nothing that is held. Differs: the kubelet leaves
 * this to the minimum age of images, which does not help one that lay there unused for long.
 */
import type { CriImage } from "../../core/cri/types.ts";

/** Keeps images until it is released. */
export interface ImageHold {
  /**
   * Calls `look` and keeps the image that it finds; looks again where the image was being removed meanwhile.
   * Rejects as `look` does, and it is `look` that minds `signal`; an aborted one only ends the wait in between.
   */
  keep(look: () => Promise<CriImage | undefined>, signal: AbortSignal): Promise<CriImage | undefined>;
  /** What was kept may go; calling it again does nothing. */
  release(): void;
}

/** One run of the garbage collection. */
export interface ImageRemovals {
  /** Calls `remove`, unless the image is or was held at any time since the run began. `false`: it was not called. */
  remove(id: string, remove: () => Promise<void>): Promise<boolean>;
  end(): void;
}

interface Removal {
  readonly done: Promise<void>;
  /** Number of the last look that began before the removal ended; absent: not ended. */
  endedAfterLook?: number;
}

export class ImageHolds {
  /** How many keep it, by image id. */
  readonly #held = new Map<string, number>();
  readonly #removals = new Map<string, Removal>();
  /** Images held since the beginning of each run. */
  readonly #runs = new Set<Set<string>>();
  #looks = 0;
  #looking = 0;

  hold(): ImageHold {
    const kept: string[] = [];
    return {
      keep: async (look, signal) => {
        const image = await this.#lookUntilStable(look, signal);
        if (image === undefined) return undefined;
        this.#take(image.id);
        kept.push(image.id);
        return image;
      },
      release: () => {
        for (const id of kept.splice(0)) this.#giveBack(id);
      },
    };
  }

  /** A container that was made during the run may be missing from the list that the run goes by: its image stays. */
  beginRemovals(): ImageRemovals {
    const held = new Set(this.#held.keys());
    this.#runs.add(held);
    return {
      remove: async (id, remove) => {
        if (held.has(id)) return false;
        await this.#whileRemoving(id, remove);
        return true;
      },
      end: () => {
        this.#runs.delete(held);
      },
    };
  }

  async #lookUntilStable(
    look: () => Promise<CriImage | undefined>,
    signal: AbortSignal,
  ): Promise<CriImage | undefined> {
    for (;;) {
      this.#looks += 1;
      const number = this.#looks;
      this.#looking += 1;
      const image = await look().finally(() => {
        this.#looking -= 1;
      });
      const removal = image === undefined ? undefined : this.#removals.get(image.id);
      this.#forgetEnded();
      if (removal === undefined || (removal.endedAfterLook ?? number) < number) return image;
      await Promise.race([removal.done, aborted(signal)]);
    }
  }

  async #whileRemoving(id: string, remove: () => Promise<void>): Promise<void> {
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const removal: Removal = { done };
    this.#removals.set(id, removal);
    try {
      await remove();
    } finally {
      removal.endedAfterLook = this.#looks;
      resolve();
      this.#forgetEnded();
    }
  }

  /** A removal that ended counts only for looks that began before. */
  #forgetEnded(): void {
    if (this.#looking > 0) return;
    for (const [id, { endedAfterLook }] of this.#removals) {
      if (endedAfterLook !== undefined) this.#removals.delete(id);
    }
  }

  #take(id: string): void {
    this.#held.set(id, (this.#held.get(id) ?? 0) + 1);
    for (const run of this.#runs) run.add(id);
  }

  #giveBack(id: string): void {
    const left = (this.#held.get(id) ?? 1) - 1;
    if (left > 0) this.#held.set(id, left);
    else this.#held.delete(id);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
