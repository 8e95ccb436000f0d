/** Memory of the simulated machine: what is used where, and the alarms on it as cgroup v1 has them. */
import type { CgroupName } from "../../core/cgroup/types.ts";
import type { MemoryReading } from "../../core/pressure/memory-watch.ts";
import type { MemoryAlarm, MemoryScope, PressureSignals } from "../../ports/pressure-signals.ts";
import type { Line } from "../line.ts";

/** How long the kernel takes to set one level. */
const SET_LEVEL_MS = 8;

interface OpenAlarm {
  readonly key: string;
  levels: readonly number[];
  rang: boolean;
  ended: boolean;
  waiting: ((rang: boolean) => void) | undefined;
}

export class SimMemory {
  readonly #readings = new Map<string, MemoryReading>();
  readonly #alarms = new Set<OpenAlarm>();

  /** Usage changes to this; alarms on levels in between go off. */
  set(scope: MemoryScope, reading: MemoryReading): void {
    const key = keyOf(scope);
    const before = this.#readings.get(key)?.usageBytes ?? 0;
    this.#readings.set(key, reading);
    const [low, high] = [Math.min(before, reading.usageBytes), Math.max(before, reading.usageBytes)];
    for (const alarm of this.#alarms) {
      if (alarm.key === key && alarm.levels.some((level) => low < level && level <= high)) ring(alarm);
    }
  }

  /** The cgroup is gone. */
  remove(scope: MemoryScope): void {
    const key = keyOf(scope);
    this.#readings.delete(key);
    for (const alarm of this.#alarms) if (alarm.key === key) this.close(alarm);
  }

  read(scope: MemoryScope): MemoryReading | undefined {
    return this.#readings.get(keyOf(scope));
  }

  open(scope: MemoryScope): OpenAlarm | undefined {
    if (!this.#readings.has(keyOf(scope))) return undefined;
    const alarm: OpenAlarm = { key: keyOf(scope), levels: [], rang: false, ended: false, waiting: undefined };
    this.#alarms.add(alarm);
    return alarm;
  }

  close(alarm: OpenAlarm): void {
    alarm.ended = true;
    this.#alarms.delete(alarm);
    alarm.waiting?.(false);
  }
}

export function simPressureSignals(
  memory: SimMemory,
  line: Line,
  sleep: (ms: number) => Promise<unknown>,
): PressureSignals {
  return {
    readMemory: (scope) => memory.read(scope),
    openMemoryAlarm: async (scope) => {
      const alarm = memory.open(scope);
      if (alarm === undefined) return undefined;
      const forget = line.whileWhole(() => memory.close(alarm));
      return alarmPort(memory, alarm, line, sleep, forget);
    },
  };
}

function alarmPort(
  memory: SimMemory,
  alarm: OpenAlarm,
  line: Line,
  sleep: (ms: number) => Promise<unknown>,
  forget: () => void,
): MemoryAlarm {
  return {
    kind: "usage",
    async setLevels(levels) {
      await sleep(levels.length * SET_LEVEL_MS);
      alarm.levels = levels;
      ring(alarm);
    },
    wait(signal) {
      if (signal.aborted || alarm.ended) return Promise.resolve(false);
      if (alarm.rang) {
        alarm.rang = false;
        return Promise.resolve(true);
      }
      return new Promise((resolve) => {
        const answer = (rang: boolean) => {
          alarm.waiting = undefined;
          signal.removeEventListener("abort", onAbort);
          line.deliver(() => resolve(rang));
        };
        const onAbort = () => answer(false);
        alarm.waiting = answer;
        signal.addEventListener("abort", onAbort, { once: true });
      });
    },
    close: () => {
      forget();
      memory.close(alarm);
    },
  };
}

function ring(alarm: OpenAlarm): void {
  if (alarm.waiting === undefined) alarm.rang = true;
  else alarm.waiting(true);
}

function keyOf(scope: MemoryScope): string {
  return scope.kind === "node" ? "" : cgroupKey(scope.name);
}

function cgroupKey(name: CgroupName): string {
  return `/${name.join("/")}`;
}
