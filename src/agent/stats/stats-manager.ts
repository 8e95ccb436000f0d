/**
 * The node's figures: what the Summary API serves and what decisions about pressure rest on. Memory, CPU and filesystems
 * are read when somebody asks; only what pods take of disks is measured in the background.
 */
import { type NodeMemory, nodeMemory } from "../../core/stats/node-memory.ts";
import { type NodeFigures, nodeCpuAndMemory, nodeStats } from "../../core/stats/node-stats.ts";
import { type NodeFilesystems, type PodFigures, podCpuAndMemory, podStats } from "../../core/stats/pod-stats.ts";
import type { Summary } from "../../core/stats/summary.ts";
import type { Cgroups } from "../../ports/cgroups.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { ImageService, RuntimeService } from "../../ports/runtime.ts";
import type { Stats } from "../../ports/stats.ts";
import { CgroupSweep, type SweptPod, type SystemCgroup } from "./cgroup-sweep.ts";
import { DiskLedger, type MeasuredVolumes } from "./disk-ledger.ts";
import { NodeDisks, type ObservedDisks } from "./node-disks.ts";
import { PodSelection, type PodSelectionPorts } from "./pod-selection.ts";

export interface StatsManagerPorts extends PodSelectionPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly stats: Stats;
  readonly runtime: Pick<RuntimeService, "listContainerStats">;
  readonly images: Pick<ImageService, "imageFsInfo">;
  readonly cgroups: Pick<Cgroups, "runtimePath">;
  readonly volumes: MeasuredVolumes;
}

export interface StatsManagerOptions {
  readonly nodeName: string;
  /** The agent's directory: the node's filesystem is the one that it is on. */
  readonly rootDir: string;
  readonly logRoot: string;
  /** `false`: pods have no cgroups of their own (cgroupsPerQOS). */
  readonly perQos: boolean;
  /** How old figures of disk usage may be at rest. */
  readonly diskPeriodMs: number;
  readonly systemCgroups: readonly SystemCgroup[];
}

export interface SummaryOptions {
  /** `false`: figures that were read for somebody else some seconds ago are good enough. */
  readonly fresh: boolean;
  readonly onlyCpuAndMemory?: boolean;
}

interface Sweep {
  readonly node: NodeFigures;
  readonly pods: readonly PodFigures[];
  readonly filesystems: NodeFilesystems;
  /** Monotonic. */
  readonly begunAt: number;
}

/** How old is good enough for who does not need fresh figures (cAdvisor's housekeeping: 10 s). */
const KEPT_MS = 10_000;
/** How soon a new pod is measured. */
const DISK_LOOK_MS = 10_000;

export class StatsManager {
  readonly #ports: StatsManagerPorts;
  readonly #options: StatsManagerOptions;
  readonly #selection: PodSelection;
  readonly #cgroups: CgroupSweep;
  readonly #ledger: DiskLedger;
  readonly #disks: NodeDisks;
  #last: Sweep | undefined;
  #running: Promise<Sweep> | undefined;
  /** A sweep that has not begun: it serves whoever asks until then. */
  #queued: Promise<Sweep> | undefined;
  #signal: AbortSignal = new AbortController().signal;
  #done: Promise<void> = Promise.resolve();

  constructor(ports: StatsManagerPorts, options: StatsManagerOptions) {
    const { rootDir, logRoot, diskPeriodMs } = options;
    this.#ports = ports;
    this.#options = options;
    this.#selection = new PodSelection(ports, options);
    this.#cgroups = new CgroupSweep(ports, options);
    this.#ledger = new DiskLedger(ports, { podsDirectory: `${rootDir}/pods`, logRoot, periodMs: diskPeriodMs });
    this.#disks = new NodeDisks(ports, { rootDir });
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    this.#done = this.#run(signal);
  }

  async stop(): Promise<void> {
    await this.#done;
  }

  /** A fresh one was begun after this call; callers who come together share it. */
  async summary({ fresh, onlyCpuAndMemory = false }: SummaryOptions): Promise<Summary> {
    const { node, pods, filesystems } = await (fresh ? this.#sweepAnew() : this.#recentSweep());
    if (onlyCpuAndMemory) return { node: nodeCpuAndMemory(node), pods: pods.map(podCpuAndMemory) };
    return { node: nodeStats(node), pods: pods.map((pod) => podStats(pod, filesystems)) };
  }

  /** The memory of node and pods at this moment, at once: a handful of kernel files. */
  nodeMemory(): NodeMemory {
    const { stats } = this.#ports;
    const root = stats.cgroup({ path: "/", parts: ["memory"] });
    const pods = stats.cgroup({ path: this.#cgroups.podsPath, parts: ["memory"] });
    return nodeMemory(stats.machine("memory"), root, pods);
  }

  /** The node's filesystems as they are now. */
  disks(): Promise<ObservedDisks> {
    return this.#disks.observe();
  }

  /** Measures anew what these pods take of disks, which can take long; UIDs that have nothing running are passed over. */
  async refreshDisk(uids: readonly string[], signal: AbortSignal = this.#signal): Promise<void> {
    const wanted = new Set(uids);
    const pods = this.#selection.pods().filter(({ podRef }) => wanted.has(podRef.uid));
    await this.#ledger.refresh(pods, signal);
  }

  async #run(signal: AbortSignal): Promise<void> {
    do {
      await this.#ledger.update(this.#selection.pods(), signal);
    } while (await this.#ports.clock.sleep(DISK_LOOK_MS, signal));
  }

  async #recentSweep(): Promise<Sweep> {
    const age = this.#ports.clock.monotonic() - (this.#last?.begunAt ?? -Infinity);
    return this.#last !== undefined && age < KEPT_MS ? this.#last : this.#sweepAnew();
  }

  #sweepAnew(): Promise<Sweep> {
    if (this.#queued !== undefined) return this.#queued;
    if (this.#running === undefined) return this.#begin();
    const next = () => {
      this.#queued = undefined;
      return this.#begin();
    };
    this.#queued = this.#running.then(next, next);
    return this.#queued;
  }

  #begin(): Promise<Sweep> {
    const sweep = this.#sweep();
    this.#running = sweep;
    return sweep.finally(() => {
      this.#running = undefined;
    });
  }

  async #sweep(): Promise<Sweep> {
    const { clock, stats } = this.#ports;
    const begunAt = clock.monotonic();
    const disks = await this.#disks.observe();
    const swept = await this.#cgroups.sweep(this.#selection.pods());
    const filesystems = {
      ...(disks.nodeFs && { nodeFs: disks.nodeFs.filesystem }),
      ...(disks.imageFs && { imageFs: disks.imageFs.filesystem }),
      ...(disks.containerFs && { containerFs: disks.containerFs.filesystem }),
    };
    const interfaces = stats.network(1);
    const node: NodeFigures = {
      nodeName: this.#options.nodeName,
      machine: stats.machine("all"),
      ...swept.root,
      ...filesystems,
      ...(disks.images && { images: disks.images }),
      ...(disks.layers && { layers: disks.layers }),
      ...(interfaces && { interfaces }),
    };
    const pods = swept.pods.map((pod) => this.#podFigures(pod, filesystems));
    this.#last = { node, pods, filesystems, begunAt };
    return this.#last;
  }

  #podFigures({ measured, cgroup, containers, network }: SweptPod, { nodeFs }: NodeFilesystems): PodFigures {
    const { podRef, createdAtMs } = measured;
    const disk = this.#ledger.figures(podRef.uid);
    return {
      podRef,
      createdAtMs,
      ...(cgroup && { cgroup }),
      ...(network && { network }),
      ...(disk?.ownFiles && { ownFiles: disk.ownFiles }),
      // Most volumes lie on the node's filesystem, whose room is known as of now.
      volumes: (disk?.volumes ?? []).map((volume) =>
        nodeFs && volume.filesystem?.device === nodeFs.device ? { ...volume, filesystem: nodeFs } : volume,
      ),
      containers: measured.containers.map(({ id, name, createdAtMs: createdAt }, index) => {
        const own = containers[index];
        const writableLayer = this.#ledger.writableLayer(id);
        const logs = disk?.logs.get(name);
        return {
          name,
          createdAtMs: createdAt,
          ...(own && { cgroup: own }),
          ...(writableLayer && { writableLayer }),
          ...(logs && { logs }),
        };
      }),
    };
  }
}
