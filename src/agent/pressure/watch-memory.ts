/** Wakes whoever decides about memory as soon as it runs short: by the kernel's alarm where it has one, and by readings. */
import {
  INITIAL_MEMORY_WATCH,
  type MemoryWake,
  type MemoryWatchConfig,
  type MemoryWatchPlan,
  type MemoryWatchState,
  stepMemoryWatch,
} from "../../core/pressure/memory-watch.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { MemoryAlarm, MemoryScope, PressureSignals } from "../../ports/pressure-signals.ts";

export interface MemoryWatchPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly signals: PressureSignals;
}

export interface MemoryWatchOptions extends MemoryWatchConfig {
  readonly scope: MemoryScope;
}

/** Before an alarm that ended (its cgroup went, or was not there yet) is opened anew. */
const REOPEN_MS = 5_000;

/**
 * Calls `onWake`, which must not throw, when less is available than one of the marks, and again each second while that
 * lasts; a decision reads anew. Resolves when `signal` is aborted; never rejects.
 */
export async function watchMemory(
  ports: MemoryWatchPorts,
  options: MemoryWatchOptions,
  onWake: (wake: MemoryWake) => void,
  signal: AbortSignal,
): Promise<void> {
  if (options.marksBytes.length === 0) return;
  await new MemoryWatch(ports, options, onWake).run(signal);
}

class MemoryWatch {
  readonly #ports: MemoryWatchPorts;
  readonly #options: MemoryWatchOptions;
  readonly #onWake: (wake: MemoryWake) => void;
  #state: MemoryWatchState = INITIAL_MEMORY_WATCH;
  #alarm: MemoryAlarm | undefined;
  /** One setting of levels at a time; what is wanted meanwhile is wanted again at the next reading. */
  #isSetting = false;
  /** When to read if the alarm does not go off before. */
  #dueAtMs = -Infinity;
  /** Ends the pause before that. */
  #pause = new AbortController();

  constructor(ports: MemoryWatchPorts, options: MemoryWatchOptions, onWake: (wake: MemoryWake) => void) {
    this.#ports = ports;
    this.#options = options;
    this.#onWake = onWake;
  }

  async run(signal: AbortSignal): Promise<void> {
    const onAbort = () => this.#pause.abort();
    signal.addEventListener("abort", onAbort, { once: true });
    await Promise.all([this.#readRegularly(signal), this.#heedAlarm(signal)]);
    signal.removeEventListener("abort", onAbort);
  }

  async #readRegularly(signal: AbortSignal): Promise<void> {
    const { clock } = this.#ports;
    while (!signal.aborted) {
      if (clock.monotonic() >= this.#dueAtMs) this.#read();
      this.#pause = new AbortController();
      if (signal.aborted) return;
      await clock.sleep(this.#dueAtMs - clock.monotonic(), this.#pause.signal);
    }
  }

  async #heedAlarm(signal: AbortSignal): Promise<void> {
    const { clock, signals, log } = this.#ports;
    const { scope } = this.#options;
    while (!signal.aborted) {
      const alarm = await signals.openMemoryAlarm(scope);
      if (this.#alarm === undefined) log.debug("memory is watched", { scope, alarm: alarm?.kind ?? "none" });
      if (alarm !== undefined) await this.#heed(alarm, signal);
      await clock.sleep(REOPEN_MS, signal);
    }
  }

  async #heed(alarm: MemoryAlarm, signal: AbortSignal): Promise<void> {
    this.#alarm = alarm;
    this.#state = { ...this.#state, levels: undefined };
    this.#isSetting = false;
    this.#read();
    while (!signal.aborted && (await alarm.wait(signal))) {
      const { quietMs } = this.#read();
      await this.#ports.clock.sleep(quietMs, signal);
    }
    this.#alarm = undefined;
    alarm.close();
  }

  #read(): MemoryWatchPlan {
    const { clock, signals } = this.#ports;
    const alarm = this.#alarm;
    const reading = signals.readMemory(this.#options.scope);
    const input = { nowMs: clock.monotonic(), reading, alarm: alarm?.kind ?? "none" } as const;
    const before = this.#state;
    const { state, plan } = stepMemoryWatch(this.#options, before, input);
    const mayNotSet = plan.levels !== undefined && this.#isSetting;
    this.#state = mayNotSet ? { ...state, levels: before.levels } : state;
    if (plan.levels !== undefined && alarm !== undefined && !mayNotSet) this.#set(alarm, plan.levels);
    this.#setDue(input.nowMs + plan.nextReadMs);
    if (plan.wake !== undefined) this.#onWake(plan.wake);
    return plan;
  }

  #setDue(atMs: number): void {
    const isSooner = atMs < this.#dueAtMs;
    this.#dueAtMs = atMs;
    if (isSooner) this.#pause.abort();
  }

  #set(alarm: MemoryAlarm, levels: readonly number[]): void {
    this.#isSetting = true;
    const done = () => {
      if (this.#alarm === alarm) this.#isSetting = false;
    };
    alarm.setLevels(levels).then(done, done);
  }
}
