/**
 * Disks, inodes and process IDs on a node under pressure: what each container takes, on the virtual clock. A few take more
 * and more of one thing until they are ended; once faults stop nothing grows any more, but what was taken stays until it is
 * cleaned up.
 */
import type { Signal } from "../../core/eviction/index.ts";
import type { SimFilesystem } from "../disk/disk-space.ts";
import { byteLengthOf, type DiskFile } from "../disk/virtual-disk.ts";
import type { Availability, EvictionJudge } from "../invariants/evictions.ts";
import { SIM_MACHINE } from "../node/sim-machine.ts";
import { ROOT_DIR, type SimNode } from "../node/sim-node.ts";
import { Random } from "../random.ts";
import type { ContainerRecord } from "../runtime/records.ts";
import { cgroupOf } from "../runtime/runtime-names.ts";

type Kind = "layer" | "manyFiles" | "log" | "emptyDir" | "processes";

interface Greed {
  readonly kind: Kind;
  readonly perSecond: number;
  /** Of processes. */
  count: number;
}

const MiB = 1024 ** 2;
const TICK_MS = 1_000;
/** Nothing grows beyond this: what happens on a disk that is full is a fault of its own. */
const LAST_BYTES = 64 * MiB;
const LAST_INODES = 1_000;
const LAST_PIDS = 500;

export class DiskStory {
  readonly #node: SimNode;
  readonly #random: Random;
  readonly #judge: EvictionJudge;
  /** By container id; `undefined`: it takes no more than it has. */
  readonly #greeds = new Map<string, Greed | undefined>();
  #growing = true;

  constructor(node: SimNode, seed: number, judge: EvictionJudge) {
    this.#node = node;
    this.#random = new Random(seed + 3_000_017);
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
    for (const container of this.#node.runtime.containers.values()) {
      if (container.state !== "running") this.#greeds.delete(container.id);
      else this.#feed(container);
    }
    this.#judge.look((signal) => this.#availability(signal));
    this.#node.time.after(TICK_MS, () => this.#tick());
  }

  #feed(container: ContainerRecord): void {
    if (!this.#greeds.has(container.id)) this.#greeds.set(container.id, this.#meet(container));
    const greed = this.#greeds.get(container.id);
    if (greed === undefined || !this.#growing) return;
    const { layer, log } = container;
    const seconds = TICK_MS / 1000;
    switch (greed.kind) {
      case "layer": {
        const bytes = this.#room("imagefs.available", LAST_BYTES, greed.perSecond * seconds);
        container.layer = { ...layer, usedBytes: layer.usedBytes + bytes };
        return;
      }
      case "manyFiles": {
        const inodes = this.#room("imagefs.inodesFree", LAST_INODES, greed.perSecond * seconds);
        container.layer = { ...layer, inodesUsed: layer.inodesUsed + inodes };
        return;
      }
      case "log":
        if (log !== undefined) this.#grow(log, greed.perSecond * seconds);
        return;
      case "emptyDir": {
        const file = this.#fileIn(container);
        if (file !== undefined) this.#grow(file, greed.perSecond * seconds);
        return;
      }
      case "processes": {
        greed.count += this.#room("pid.available", LAST_PIDS, greed.perSecond * seconds);
        this.#node.cgroups.fork(cgroupOf(container), greed.count);
      }
    }
  }

  /** Every container writes a little; what a greedy one takes is filled within seconds or within an hour. */
  #meet(container: ContainerRecord): Greed | undefined {
    const random = this.#random;
    container.layer = { usedBytes: random.between(0, 50) * MiB, inodesUsed: random.between(0, 2_000) };
    if (!this.#growing || this.#judge.isExempt(container) || !random.chance(0.2)) return undefined;
    if (random.chance(0.1)) container.deathMs = random.exponential(15_000);
    const kind = random.pick(["layer", "layer", "manyFiles", "log", "emptyDir", "emptyDir", "processes"]);
    const [slow, fast] = { manyFiles: [500, 50_000], processes: [20, 2_000] }[kind as string] ?? [10 * MiB, 1024 * MiB];
    return { kind, perSecond: random.between(slow ?? 0, fast ?? 0), count: 0 };
  }

  #grow(file: DiskFile, bytes: number): void {
    const more = this.#room("nodefs.available", LAST_BYTES, bytes);
    if (more > 0) this.#node.disk.claim(file, byteLengthOf(file) + more);
  }

  /** In the pod's emptyDir on disk; `undefined`: it has none. */
  #fileIn({ sandbox, id }: ContainerRecord): DiskFile | undefined {
    const { disk } = this.#node;
    const place = `${ROOT_DIR}/pods/${sandbox.config.metadata.uid}/volumes/kubernetes.io~empty-dir/scratch`;
    if (disk.find(place)?.kind !== "directory" || disk.isInMemory(place)) return undefined;
    const path = `${place}/${id.slice(0, 8)}`;
    const known = disk.find(path);
    return known?.kind === "file" ? known : disk.write(path, "");
  }

  /** As much of `wanted` as there is room for. */
  #room(signal: Signal, last: number, wanted: number): number {
    return Math.max(0, Math.min(wanted, this.#availability(signal).available - last));
  }

  #availability(signal: Signal): Availability {
    const { filesystem, imageFilesystem } = this.#node;
    const disk = signal.startsWith("nodefs") ? filesystem : imageFilesystem;
    if (signal.endsWith("inodesFree")) return this.#inodes(disk);
    if (signal.endsWith("fs.available")) return this.#bytes(disk);
    const { load, cgroups } = this.#node;
    return { available: SIM_MACHINE.maxPids - load.tasks - cgroups.countProcesses([]), capacity: SIM_MACHINE.maxPids };
  }

  #bytes(disk: SimFilesystem): Availability {
    const available = Math.max(0, disk.capacityBytes - this.#node.filesystems.space(disk).usedBytes);
    return { available, capacity: disk.capacityBytes };
  }

  #inodes(disk: SimFilesystem): Availability {
    return { available: disk.inodes - this.#node.filesystems.space(disk).inodesUsed, capacity: disk.inodes };
  }
}
