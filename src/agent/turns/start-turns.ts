import type { Pod } from "../../core/api/types.ts";
import { isCriticalPod } from "../../core/pod/critical.ts";
import type { Clock } from "../../ports/clock.ts";
import { Turns } from "./turns.ts";

/** Starts at a time, for each CPU: a start waits for the kernel and for disks about three quarters of its time. */
export const STARTS_PER_CPU = 4;
/** A usual start takes a tenth of that. */
const HOLD_MS = 3_000;

/**
 * Who may make a sandbox or a container now. All at once, a hundred starts take twice as long as a few at a time, and
 * the first pod runs when the last one does. Pods that have begun are finished first, critical ones before others.
 * Differs: the kubelet makes all at once.
 */
export class StartTurns {
  readonly #turns: Turns;

  constructor(clock: Clock, cpuCores: number) {
    this.#turns = new Turns(clock, { atATime: STARTS_PER_CPU * Math.max(1, cpuCores), holdMs: HOLD_MS });
  }

  /** Waits for a turn and makes a sandbox for `pod`. */
  sandbox<T>(pod: Pod, make: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.#turns.run(make, signal, isCriticalPod(pod) ? 1 : 0);
  }

  /** Waits for a turn and makes and starts a container of `pod`. */
  container<T>(pod: Pod, make: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.#turns.run(make, signal, isCriticalPod(pod) ? 3 : 2);
  }
}
