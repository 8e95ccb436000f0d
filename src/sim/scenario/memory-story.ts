/**
 * Memory on a node under pressure: what each container takes, on the virtual clock. A few take more and more until they
 * are ended; once faults stop nothing grows any more, but what was taken stays, so that somebody has to go.
 */
import type { EvictionFields, EvictionPolicy } from "../../core/eviction/index.ts";
import type { EvictionRecord } from "../../core/eviction/record.ts";
import type { SimNode } from "../node/sim-node.ts";
import { Random } from "../random.ts";
import type { ContainerRecord } from "../runtime/records.ts";

export interface MemoryPlot {
  readonly thresholdBytes: number;
  readonly fields: EvictionFields;
  readonly policy: Partial<EvictionPolicy>;
}

interface Appetite {
  /** Now. */
  bytes: number;
  /** What its cgroup shows. */
  shownBytes: number;
  readonly bytesPerSecond: number;
  readonly mostBytes: number;
}

const MiB = 1024 ** 2;
const TICK_MS = 500;
/** A measurement, a round that waits for the runtime, and what a stuck call adds. */
const DECISION_LAG_MS = 30_000;
const RELIEF_LIMIT_MS = 120_000;
/** Every so many seeds one is under pressure; its own chances leave the stories of all others as they are. */
const EVERY = 4;

/** `undefined`: memory plays no part in this seed. */
export function drawMemoryPlot(seed: number): MemoryPlot | undefined {
  if (seed % EVERY !== 1) return undefined;
  const random = new Random(seed + 1_000_003);
  const thresholdBytes = random.pick([512, 1024, 4096]) * MiB;
  const soft = random.chance(0.3);
  return {
    thresholdBytes,
    fields: {
      evictionHard: { "memory.available": String(soft ? thresholdBytes / 2 : thresholdBytes) },
      ...(soft && {
        evictionSoft: { "memory.available": String(thresholdBytes) },
        evictionSoftGracePeriod: { "memory.available": "10s" },
      }),
      evictionPressureTransitionPeriod: "30s",
      enforceNodeAllocatable: [],
    },
    policy: random.pick([
      { evictionPace: "AsNeeded", overtakeTerminating: true },
      { evictionPace: "AsNeeded", overtakeTerminating: true },
      { evictionPace: "Reference", overtakeTerminating: false },
    ]),
  };
}

export class MemoryStory {
  readonly #node: SimNode;
  readonly #plot: MemoryPlot;
  readonly #random: Random;
  readonly #appetites = new Map<string, Appetite>();
  readonly #accuse: (invariant: string, message: string) => void;
  readonly #agentRecords: () => readonly EvictionRecord[];
  /** Every eviction that was ever told, by its id: a record may die with its agent before it is stored. */
  readonly #seen = new Map<string, EvictionRecord>();
  /** What was looked at already: the table of records, and those that the agent has. */
  #judged: { readonly version: number; readonly latest: EvictionRecord | undefined } | undefined;
  #growing = true;
  /** Monotonic time at which less than the threshold was available last. */
  #shortAtMs = Number.NEGATIVE_INFINITY;
  #shortSinceMs: number | undefined;
  #calmSinceMs: number | undefined;

  constructor(
    node: SimNode,
    plot: MemoryPlot,
    seed: number,
    agentRecords: () => readonly EvictionRecord[],
    accuse: (invariant: string, message: string) => void,
  ) {
    this.#agentRecords = agentRecords;
    this.#node = node;
    this.#plot = plot;
    this.#random = new Random(seed + 2_000_003);
    this.#accuse = accuse;
    node.time.after(TICK_MS, () => this.#tick());
  }

  /** Evictions of a pod so far. */
  evictionsOf(uid: string): readonly EvictionRecord[] {
    this.#judgeRecords();
    return [...this.#seen.values()].filter(({ victim }) => victim.uid === uid);
  }

  storm(): void {
    this.#growing = true;
    this.#calmSinceMs = undefined;
  }

  calm(): void {
    this.#growing = false;
    this.#calmSinceMs = this.#node.time.monotonicMs;
  }

  #tick(): void {
    this.#eat();
    this.#judgeRecords();
    this.#judgeRelief();
    this.#node.time.after(TICK_MS, () => this.#tick());
  }

  #eat(): void {
    const { runtime, cgroups, memory, time } = this.#node;
    for (const container of runtime.containers.values()) {
      if (container.state !== "running") {
        this.#appetites.delete(container.id);
        continue;
      }
      const appetite = this.#appetites.get(container.id) ?? this.#newAppetite(container);
      this.#appetites.set(container.id, appetite);
      if (this.#growing) {
        appetite.bytes = Math.min(appetite.mostBytes, appetite.bytes + (appetite.bytesPerSecond * TICK_MS) / 1000);
      }
      if (appetite.bytes === appetite.shownBytes) continue;
      appetite.shownBytes = appetite.bytes;
      cgroups.use([...container.sandbox.cgroup.slice(0, -1), container.id], { anonBytes: Math.round(appetite.bytes) });
    }
    const { anonBytes = 0 } = cgroups.usage([]) ?? {};
    const usageBytes = anonBytes + this.#node.load.memoryBytes;
    memory.set({ kind: "node" }, { usageBytes, inactiveFileBytes: 0 });
    if (this.#node.memoryBytes - usageBytes >= this.#plot.thresholdBytes) {
      this.#shortSinceMs = undefined;
      return;
    }
    this.#shortAtMs = time.monotonicMs;
    this.#shortSinceMs ??= time.monotonicMs;
  }

  #newAppetite(container: ContainerRecord): Appetite {
    const bytes = this.#random.between(5, 60) * MiB;
    const isHog = this.#growing && !isStatic(container) && this.#random.chance(0.15);
    const rate = isHog ? this.#random.between(5, 400) * MiB : 0;
    return { bytes, shownBytes: -1, bytesPerSecond: rate, mostBytes: isHog ? 20 * 1024 * MiB : bytes };
  }

  #judgeRecords(): void {
    const { records, time } = this.#node;
    const told = this.#agentRecords();
    const now = { version: records.version("evictions"), latest: told.at(-1) };
    // What changes in an older record is seen once it is stored.
    if (now.version === this.#judged?.version && now.latest === this.#judged.latest) return;
    this.#judged = now;
    const stored = records.keys("evictions").map((key) => records.get("evictions", key) as EvictionRecord);
    for (const record of [...stored, ...told]) {
      const isNew = !this.#seen.has(record.id);
      this.#seen.set(record.id, record);
      if (!isNew) continue;
      const { name } = record.victim;
      const idleMs = time.monotonicMs - this.#shortAtMs;
      if (idleMs > DECISION_LAG_MS) {
        this.#accuse("nobody is evicted while nothing is short", `${name}: memory was short ${idleMs} ms ago`);
      }
      if (name.endsWith("-sim")) this.#accuse("no static pod is evicted", name);
    }
  }

  #judgeRelief(): void {
    const { time, runtime } = this.#node;
    const sinceMs = Math.max(
      this.#shortSinceMs ?? Number.POSITIVE_INFINITY,
      this.#calmSinceMs ?? Number.POSITIVE_INFINITY,
    );
    if (time.monotonicMs - sinceMs < RELIEF_LIMIT_MS) return;
    const evictable = [...runtime.containers.values()].filter(
      (each) => each.state === "running" && !each.isDying && !isStatic(each),
    );
    if (evictable.length === 0) return;
    this.#accuse(
      "pressure does not stand while somebody may go",
      `memory has been short for ${time.monotonicMs - sinceMs} ms and ${evictable.length} containers run`,
    );
  }
}

function isStatic({ sandbox }: ContainerRecord): boolean {
  return sandbox.config.metadata.name.endsWith("-sim");
}
