/** The log of the simulated machine's kernel, and its counters of out-of-memory kills. */
import type { CgroupName } from "../../core/cgroup/types.ts";
import type { KernelLog, KernelLogRecord } from "../../ports/kernel-log.ts";
import type { OomCounters } from "../../ports/oom-counters.ts";
import type { Line } from "../line.ts";
import type { VirtualTime } from "../time/virtual-time.ts";

export class SimKernelLog {
  readonly #time: VirtualTime;
  readonly #readers = new Set<(record: KernelLogRecord) => void>();
  readonly #counters = new Map<string, Map<string, number>>();
  #sequence = 0;
  /** `false`: nobody may read it. */
  isReadable = true;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  write(text: string, level = 6): void {
    const record = { sequence: this.#sequence, level, atMs: this.#time.wallMs, text };
    this.#sequence += 1;
    for (const reader of [...this.#readers]) reader(record);
  }

  /** The kernel killed a process in a container of the pod: all records of that, and its counter. */
  oomKill(pod: CgroupName, containerId: string, process: { readonly name: string; readonly pid: number }): void {
    const path = `/${pod.join("/")}`;
    const counters = this.#counters.get(path) ?? new Map<string, number>();
    this.#counters.set(path, counters.set(containerId, (counters.get(containerId) ?? 0) + 1));
    const { name, pid } = process;
    const cgroup = `${path}/${containerId}`;
    this.write(`${name} invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0`, 4);
    this.write(
      `oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=${containerId},mems_allowed=0,` +
        `oom_memcg=${cgroup},task_memcg=${cgroup},task=${name},pid=${pid},uid=0`,
    );
    this.write(`Memory cgroup out of memory: Killed process ${pid} (${name}) total-vm:1kB, anon-rss:1kB`, 3);
  }

  subscribe(reader: (record: KernelLogRecord) => void): () => void {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  counters(pod: CgroupName): ReadonlyMap<string, number> {
    return this.#counters.get(`/${pod.join("/")}`) ?? new Map();
  }
}

export function simKernelLog(world: SimKernelLog, line: Line): KernelLog {
  return {
    follow(onRecord, signal) {
      if (!world.isReadable) return Promise.resolve(false);
      if (signal.aborted) return Promise.resolve(true);
      return new Promise((resolve) => {
        const unsubscribe = world.subscribe((record) => line.deliver(() => onRecord(record)));
        const forget = line.whileWhole(unsubscribe);
        const onAbort = () => {
          unsubscribe();
          forget();
          resolve(true);
        };
        signal.addEventListener("abort", onAbort, { once: true });
      });
    },
  };
}

export function simOomCounters(world: SimKernelLog): OomCounters {
  return { read: async (pod) => world.counters(pod) };
}
