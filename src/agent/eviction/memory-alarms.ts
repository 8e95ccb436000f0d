/** Wakes the eviction manager at once when memory passes one of its thresholds, and when a time that it waits for is over. */

import { KUBEPODS } from "../../core/cgroup/index.ts";
import { type EvictionConfig, type Signal, thresholdAmount } from "../../core/eviction/index.ts";
import type { Cancel, Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { MemoryScope, PressureSignals } from "../../ports/pressure-signals.ts";
import { watchMemory } from "../pressure/watch-memory.ts";
import type { StatsManager } from "../stats/stats-manager.ts";
import type { EvictionManager, EvictionRound } from "./eviction-manager.ts";

export interface MemoryAlarmsPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly signals: PressureSignals;
  readonly stats: Pick<StatsManager, "nodeMemory">;
  readonly eviction: EvictionManager;
}

interface Watched {
  readonly scope: MemoryScope;
  readonly signal: Signal;
  readonly capacityBytes: number;
}

/** The limit of all pods is set while the agent starts. */
const MEASURE_AGAIN_MS = 1_000;
const CAPACITY_RETRY_MS = 5_000;

export class MemoryAlarms {
  readonly #ports: MemoryAlarmsPorts;
  #done: Promise<unknown> = Promise.resolve();
  #cancelTimer: Cancel = () => {};

  constructor(ports: MemoryAlarmsPorts) {
    this.#ports = ports;
  }

  /** Watches once the manager knows its configuration, that is after its first round. */
  async start(signal: AbortSignal): Promise<void> {
    const config = new Promise<EvictionConfig | undefined>((resolve) => {
      const forget = this.#ports.eviction.onRound((round) => {
        forget();
        resolve(round.config);
      });
      signal.addEventListener("abort", () => resolve(undefined), { once: true });
    });
    this.#ports.eviction.onRound((round) => this.#heedTimes(round, signal));
    this.#done = config.then((known) => (known === undefined ? undefined : this.#watch(known, signal)));
  }

  async stop(): Promise<void> {
    this.#cancelTimer();
    await this.#done;
  }

  async #watch(config: EvictionConfig, signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#watchScope(config, { kind: "node" }, "memory.available", signal),
      this.#watchScope(config, { kind: "cgroup", name: KUBEPODS }, "allocatableMemory.available", signal),
    ]);
  }

  async #watchScope(config: EvictionConfig, scope: MemoryScope, of: Signal, signal: AbortSignal): Promise<void> {
    const thresholds = config.thresholds.filter((threshold) => threshold.signal === of);
    if (thresholds.length === 0) return;
    const watched = await this.#capacity({ scope, signal: of }, signal);
    if (watched === undefined) return;
    const { capacityBytes } = watched;
    const marksBytes = thresholds.map(({ value }) => thresholdAmount(value, capacityBytes));
    const availability = config.policy.memoryAvailability === "MemAvailable" ? "MemAvailable" : "WorkingSet";
    await watchMemory(
      this.#ports,
      { scope, capacityBytes, marksBytes, availability },
      () => void this.#ports.eviction.check(),
      signal,
    );
  }

  /** Waits until it is known; `undefined`: the agent ends. */
  async #capacity(what: Omit<Watched, "capacityBytes">, signal: AbortSignal): Promise<Watched | undefined> {
    const { clock, stats } = this.#ports;
    for (;;) {
      const memory = stats.nodeMemory();
      const level = what.scope.kind === "node" ? memory.node : memory.pods;
      if (level !== undefined) return { ...what, capacityBytes: level.capacityBytes };
      if (!(await clock.sleep(CAPACITY_RETRY_MS, signal))) return undefined;
    }
  }

  /**
   * A soft threshold evicts when its grace period is over, a condition goes after its time, what could not be measured
   * after a reclaim is measured again soon, and so is a shortage without a stall: not a period later.
   */
  #heedTimes({ config, plan, trace }: EvictionRound, signal: AbortSignal): void {
    const { conditions, conditionSeenMs } = this.#ports.eviction.state;
    const graces = trace.thresholds.map(({ graceLeftMs }) => graceLeftMs);
    const stays = conditions.map((type) => config.pressureTransitionMs - (trace.nowMs - (conditionSeenMs[type] ?? 0)));
    const isOpen = plan.kind === "nothing" && (plan.reason === "Guarded" || trace.reclaim?.wasMeasured === false);
    const retries = isOpen ? [MEASURE_AGAIN_MS] : [];
    const left = [...graces, ...stays, ...retries].filter((ms) => ms > 0);
    this.#cancelTimer();
    if (left.length === 0 || signal.aborted) return;
    this.#cancelTimer = this.#ports.clock.after(Math.min(...left), () => void this.#ports.eviction.check());
  }
}
