/**
 * Gives pulls their turn: so many at a time, in the order in which they came, and no more than the rate allows.
 * Source: kubelet images/puller.go, images/helpers.go throttleImagePulling.
 */
import { fullBucket, type PullBucket, type PullRate, takePull } from "../../core/images/pull-rate.ts";
import type { Clock } from "../../ports/clock.ts";

export interface ImagePullLimits {
  /** The most pulls at a time; absent: no limit. */
  readonly parallel?: number;
  /** Absent: no limit. */
  readonly rate?: PullRate;
}

/** The kubelet's words for a pull that comes too soon after the others. */
export class PullRateExceeded extends Error {
  override readonly name = "PullRateExceeded";

  constructor() {
    super("pull QPS exceeded");
  }
}

export class PullQueue {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #limits: ImagePullLimits;
  readonly #waiting = new Set<() => void>();
  #running = 0;
  #bucket: PullBucket | undefined;

  constructor(clock: Pick<Clock, "monotonic">, limits: ImagePullLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Waits for its turn and pulls. Rejects with what `pull` rejects with, with PullRateExceeded, or as `signal` says. */
  async run<T>(pull: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (!(await this.#turn(signal))) throw signal.reason;
    try {
      signal.throwIfAborted();
      this.#takeToken();
      return await pull();
    } finally {
      this.#running -= 1;
      const [next] = this.#waiting;
      next?.();
    }
  }

  /** `true`: it has a place now, to be given back; `false`: aborted before. */
  async #turn(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (this.#isFree && this.#waiting.size === 0) {
      this.#running += 1;
      return true;
    }
    return new Promise((resolve) => {
      const leave = () => {
        this.#waiting.delete(start);
        resolve(false);
      };
      const start = () => {
        signal.removeEventListener("abort", leave);
        this.#waiting.delete(start);
        this.#running += 1;
        resolve(true);
      };
      this.#waiting.add(start);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  get #isFree(): boolean {
    return this.#running < (this.#limits.parallel ?? Number.POSITIVE_INFINITY);
  }

  #takeToken(): void {
    const { rate } = this.#limits;
    if (rate === undefined) return;
    const nowMs = this.#clock.monotonic();
    const { accepted, bucket } = takePull(rate, this.#bucket ?? fullBucket(rate, nowMs), nowMs);
    this.#bucket = bucket;
    if (!accepted) throw new PullRateExceeded();
  }
}
