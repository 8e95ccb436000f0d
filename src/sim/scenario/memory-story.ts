/**
 * Memory on a node under pressure: what each container takes, on the virtual clock. A few take more and more until they
 * are ended; once faults stop nothing grows any more, but what was taken stays, so that somebody has to go.
 */
import type { EvictionJudge } from "../invariants/evictions.ts";
import type { SimNode } from "../node/sim-node.ts";
import { Random } from "../random.ts";
import type { ContainerRecord } from "../runtime/records.ts";
import { cgroupOf } from "../runtime/runtime-names.ts";

interface Appetite {
  /** Now. */
  bytes: number;
  /** What its cgroup shows. */
  shownBytes: number;
  readonly bytesPerSecond: number;
  readonly mostBytes: number;
}

const MiB = 1024 ** 2;
const TICK_MS = 1_000;
export class MemoryStory {
  readonly #node: SimNode;
  readonly #random: Random;
  readonly #judge: EvictionJudge;
  readonly #appetites = new Map<string, Appetite>();
  #growing = true;

  constructor(node: SimNode, seed: number, judge: EvictionJudge) {
    this.#node = node;
    this.#random = new Random(seed + 2_000_003);
    this.#judge = judge;
    node.time.after(TICK_MS, () => this.#tick());
  }

  storm(): void {
    this.#growing = true;
  }

  calm(): void {
    this.#growing = false;
  }

  #tick(): void {
    this.#eat();
    const { memoryBytes: capacity, memory } = this.#node;
    const available = capacity - (memory.read({ kind: "node" })?.usageBytes ?? 0);
    this.#judge.look(() => ({ available, capacity }));
    this.#node.time.after(TICK_MS, () => this.#tick());
  }

  #eat(): void {
    const { runtime, cgroups, memory } = this.#node;
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
      cgroups.use(cgroupOf(container), { anonBytes: Math.round(appetite.bytes) });
    }
    const { anonBytes = 0 } = cgroups.usage([]) ?? {};
    const usageBytes = anonBytes + this.#node.load.memoryBytes;
    memory.set({ kind: "node" }, { usageBytes, inactiveFileBytes: 0 });
  }

  #newAppetite(container: ContainerRecord): Appetite {
    const bytes = this.#random.between(5, 60) * MiB;
    const isHog = this.#growing && !this.#judge.isExempt(container) && this.#random.chance(0.15);
    const rate = isHog ? this.#random.between(5, 400) * MiB : 0;
    return { bytes, shownBytes: -1, bytesPerSecond: rate, mostBytes: isHog ? 20 * 1024 * MiB : bytes };
  }
}
