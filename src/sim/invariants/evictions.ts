/** Nobody is evicted for nothing, pressure does not stand while somebody may go, and every eviction is on record. */
import type { PodStatus } from "../../core/api/types.ts";
import { type Signal, type Threshold, thresholdAmount } from "../../core/eviction/index.ts";
import type { EvictionRecord } from "../../core/eviction/record.ts";
import type { SimNode } from "../node/sim-node.ts";
import type { ContainerRecord } from "../runtime/records.ts";

export interface EvictionJudgeParts {
  readonly node: SimNode;
  /** What the present agent remembers; nothing while there is none. */
  readonly agentRecords: () => readonly EvictionRecord[];
  readonly accuse: (invariant: string, message: string) => void;
  readonly thresholds: readonly Threshold[];
  /** Monotonic time at which an agent was started last whose predecessor could not write all down. */
  readonly recordsBehindAtMs: () => number;
  /** Its pod is never evicted. */
  readonly isExempt: (container: ContainerRecord) => boolean;
  /** How long a signal may be short after the last eviction, once faults have stopped, while a container may go. */
  readonly reliefLimitMs: number;
  /** Evictions go by what was seen before a reclaim, as the kubelet's do: however long that takes. */
  readonly decidesOnFirstLook: boolean;
}

/** What there is of a signal now. */
export interface Availability {
  readonly available: number;
  readonly capacity: number;
}

/** The last time that less than a threshold was available. Monotonic. */
interface Shortage {
  readonly sinceMs: number;
  readonly lastAtMs: number;
  readonly isOver: boolean;
}

/** A measurement, a round that waits for the runtime, and what a stuck call adds. */
const DECISION_LAG_MS = 30_000;
/** The longest reclaim. */
const RECLAIM_MS = 60_000;
/** What is over for so short a time goes unseen between two rounds. */
const UNSEEN_MS = 15_000;
/** How long a record may be missing: what cannot be written is tried again after 5 s. */
const RECORD_LIMIT_MS = 10_000;
/** An agent that dies before it could write a record loses it, which shows as long as the pod is not back. */
const LOST_RECORD_MS = 600_000;

export class EvictionJudge {
  readonly #parts: EvictionJudgeParts;
  /** By key of the threshold. */
  readonly #shortages = new Map<string, Shortage>();
  /** Every eviction that was ever told, by its id: a record may die with its agent before it is stored. */
  readonly #seen = new Map<string, EvictionRecord>();
  /** What was looked at already: the table of records, and those that the agent has. */
  #judged: { readonly version: number; readonly latest: EvictionRecord | undefined } | undefined;
  /** UIDs of pods that are shown as evicted and have no stored record of it, and since when. */
  readonly #unrecorded = new Map<string, number>();
  #lastEvictionMs = Number.NEGATIVE_INFINITY;
  #calmSinceMs: number | undefined;

  constructor(parts: EvictionJudgeParts) {
    this.#parts = parts;
  }

  storm(): void {
    this.#calmSinceMs = undefined;
  }

  calm(): void {
    this.#calmSinceMs = this.#parts.node.time.monotonicMs;
  }

  /** To be called whenever what is available has changed, and now and then; `availability` tells of the node itself. */
  look(availability: (signal: Signal) => Availability): void {
    for (const { key, signal, value } of this.#parts.thresholds) {
      const { available, capacity } = availability(signal);
      this.#note(key, available < thresholdAmount(value, capacity));
    }
    this.#judgeRecords();
    this.#judgeRelief();
    this.#judgeMissingRecords();
  }

  /** What is short though somebody may go; empty: the pressure is over, or nothing can be done about it. */
  standing(): readonly string[] {
    const keys = [...this.#shortages].filter(([, { isOver }]) => !isOver).map(([key]) => key);
    if (keys.length === 0) return [];
    const count = [...this.#parts.node.runtime.containers.values()].filter((each) => this.#isEvictable(each)).length;
    return count === 0 ? [] : keys.map((key) => `${key}, and ${count} containers run`);
  }

  /** How many there were. */
  get count(): number {
    return this.#seen.size;
  }

  /** Evictions of a pod so far. */
  evictionsOf(uid: string): readonly EvictionRecord[] {
    this.#judgeRecords();
    return [...this.#seen.values()].filter(({ victim }) => victim.uid === uid);
  }

  /** Its pod is never evicted. */
  isExempt(container: ContainerRecord): boolean {
    return this.#parts.isExempt(container);
  }

  #isEvictable(container: ContainerRecord): boolean {
    return container.state === "running" && !container.isDying && !this.isExempt(container);
  }

  #note(key: string, isShort: boolean): void {
    const now = this.#parts.node.time.monotonicMs;
    const before = this.#shortages.get(key);
    if (!isShort) {
      if (before !== undefined) this.#shortages.set(key, { ...before, isOver: true });
      return;
    }
    const sinceMs = before !== undefined && now - before.lastAtMs < UNSEEN_MS ? before.sinceMs : now;
    this.#shortages.set(key, { sinceMs, lastAtMs: now, isOver: false });
  }

  #judgeRecords(): void {
    const { records, time } = this.#parts.node;
    const told = this.#parts.agentRecords();
    const now = { version: records.version("evictions"), latest: told.at(-1) };
    // What changes in an older record is seen once it is stored.
    if (now.version === this.#judged?.version && now.latest === this.#judged.latest) return;
    this.#judged = now;
    const stored = records.keys("evictions").map((key) => records.get("evictions", key) as EvictionRecord);
    for (const record of [...stored, ...told]) {
      const isNew = !this.#seen.has(record.id);
      this.#seen.set(record.id, record);
      if (!isNew) continue;
      this.#lastEvictionMs = time.monotonicMs;
      this.#judge(record);
    }
  }

  #judge(record: EvictionRecord): void {
    const { name } = record.victim;
    const wrong = this.#wrongWith(record);
    if (wrong !== undefined) this.#parts.accuse("nobody is evicted while nothing is short", `${name}: ${wrong}`);
    if (name.endsWith("-sim")) this.#parts.accuse("no static pod is evicted", name);
  }

  #wrongWith({ cause, thresholdKey = "" }: EvictionRecord): string | undefined {
    const { node, thresholds } = this.#parts;
    if (cause !== "Threshold") return `no pod has a limit (${cause})`;
    const threshold = thresholds.find(({ key }) => key === thresholdKey);
    if (threshold === undefined) return `there is no threshold ${thresholdKey}`;
    const shortage = this.#shortages.get(thresholdKey);
    if (shortage === undefined) return `${thresholdKey} never was so`;
    const idleMs = node.time.monotonicMs - shortage.lastAtMs;
    const lagMs = DECISION_LAG_MS + (this.#parts.decidesOnFirstLook ? RECLAIM_MS : 0);
    if (idleMs > lagMs) return `${thresholdKey} was so ${idleMs} ms ago`;
    const stoodMs = node.time.monotonicMs - shortage.sinceMs;
    return stoodMs < threshold.graceMs ? `${thresholdKey}, but only since ${stoodMs} ms` : undefined;
  }

  #judgeRelief(): void {
    const { node, accuse, reliefLimitMs } = this.#parts;
    const now = node.time.monotonicMs;
    const quietSinceMs = Math.max(this.#calmSinceMs ?? Number.POSITIVE_INFINITY, this.#lastEvictionMs);
    if (now - quietSinceMs < reliefLimitMs) return;
    const since = [...this.#shortages.values()].filter(({ isOver }) => !isOver).map(({ sinceMs }) => sinceMs);
    if (now - Math.min(now, ...since) < reliefLimitMs) return;
    for (const what of this.standing()) accuse("pressure does not stand while somebody may go", what);
  }

  #judgeMissingRecords(): void {
    const { node, accuse, recordsBehindAtMs } = this.#parts;
    const now = node.time.monotonicMs;
    const missing = new Set(withoutRecord(node));
    for (const uid of this.#unrecorded.keys()) if (!missing.has(uid)) this.#unrecorded.delete(uid);
    for (const uid of missing) {
      const sinceMs = this.#unrecorded.get(uid) ?? now;
      this.#unrecorded.set(uid, sinceMs);
      if (now - sinceMs < RECORD_LIMIT_MS || now - recordsBehindAtMs() < LOST_RECORD_MS) continue;
      accuse("every eviction has its record", `pod ${uid} is shown as evicted, and nothing is on record of it`);
    }
  }
}

/** Pods whose stored status says that they were evicted, and that have no stored record of it. */
function withoutRecord({ records }: SimNode): readonly string[] {
  const evicted = records.keys("podStatus").filter((uid) => {
    const { reason, message = "" } = records.get("podStatus", uid) as PodStatus;
    // A pod that was never let in has this reason, too.
    return reason === "Evicted" && !message.startsWith("Pod was rejected");
  });
  if (evicted.length === 0) return [];
  const recorded = new Set(
    records.keys("evictions").map((key) => (records.get("evictions", key) as EvictionRecord).victim.uid),
  );
  return evicted.filter((uid) => !recorded.has(uid));
}
