/** The machine of a scenario: everything that outlives an agent, and the ports through which an agent sees it. */

import type { AgentPorts } from "../../agent/agent.ts";
import { parseJson } from "../../core/manifest/json-text.ts";
import type { ManifestContent } from "../../core/pods/desired-state.ts";
import { readObjects } from "../../core/pods/read-objects.ts";
import type { Log } from "../../ports/log.ts";
import type { ManifestFile, ManifestSnapshot, ManifestSource } from "../../ports/manifest-source.ts";
import { type SimFilesystem, SimFilesystems } from "../disk/disk-space.ts";
import { simLogFiles } from "../disk/sim-log-files.ts";
import { simPodFiles } from "../disk/sim-pod-files.ts";
import { simStorageFiles } from "../disk/sim-storage-files.ts";
import { VirtualDisk } from "../disk/virtual-disk.ts";
import { clockAt, type Line } from "../line.ts";
import type { Random } from "../random.ts";
import { type EventFates, simEventStreams } from "../runtime/event-port.ts";
import { type Request, simRuntimeService } from "../runtime/runtime-port.ts";
import { SIM_IMAGES_DIR, SimImages, simImageService } from "../runtime/sim-images.ts";
import { SimProbes, simProber } from "../runtime/sim-prober.ts";
import { type RuntimeTimes, SimRuntime } from "../runtime/sim-runtime.ts";
import { simImageTransfers } from "../runtime/sim-transfers.ts";
import { simCsiDrivers, simPluginSockets } from "../storage/sim-csi.ts";
import { simNetworkStorage } from "../storage/sim-network-storage.ts";
import { VirtualTime } from "../time/virtual-time.ts";
import { SimCgroups, simCgroups } from "./sim-cgroups.ts";
import { SimKernelLog, simKernelLog, simOomCounters } from "./sim-kernel-log.ts";
import { SIM_MACHINE } from "./sim-machine.ts";
import { SimManifests, simManifestSource } from "./sim-manifests.ts";
import { SimMemory, simPressureSignals } from "./sim-memory.ts";
import { SimRecords, simRecordStore } from "./sim-record-store.ts";
import { type SimLoad, simStats } from "./sim-stats.ts";
import { simTokenSource } from "./sim-token-source.ts";

export const NODE_NAME = SIM_MACHINE.hostname;
export const ROOT_DIR = "/var/lib/tskubelet";
export const POD_LOGS_DIR = "/var/log/pods";
export const CONTAINER_LOGS_DIR = "/var/log/containers";

const GiB = 1024 ** 3;

/** 2026-01-01, the beginning of every scenario. */
const START_MS = 1_767_225_600_000;

/** How the node behaves now; asked each time. */
export interface NodeBehaviour extends RuntimeTimes {
  readonly pullMs: () => number;
  readonly manifestLagMs: () => number;
  readonly networkProblem: () => string | undefined;
  /** Asked for each figure that is read. */
  readonly figureIsMissing: () => boolean;
  readonly events: EventFates;
}

/** How large the disks are. */
export interface SimDisks {
  readonly capacityBytes: number;
  readonly inodes: number;
  /** Images and writable layers have a filesystem of their own, as large as the node's. */
  readonly dedicatedImages: boolean;
  /** Of each image. */
  readonly imageBytes: number;
}

const USUAL_DISKS: SimDisks = {
  capacityBytes: 100 * GiB,
  inodes: 6_553_600,
  dedicatedImages: false,
  imageBytes: 4_000_000,
};

export class SimNode {
  readonly time = new VirtualTime(START_MS);
  readonly disk = new VirtualDisk(() => this.time.wallMs);
  readonly cgroups = new SimCgroups();
  readonly kernelLog = new SimKernelLog(this.time);
  readonly disks: SimDisks;
  /** A scenario fills it by what others keep there or by files that claim to be large. */
  readonly filesystem: SimFilesystem;
  /** Where images and writable layers are; the same where they have none of their own. */
  readonly imageFilesystem: SimFilesystem;
  readonly filesystems: SimFilesystems;
  readonly memory = new SimMemory();
  readonly memoryBytes = SIM_MACHINE.memoryBytes;
  readonly load: SimLoad = { memoryBytes: GiB, tasks: 200 };
  readonly records = new SimRecords({ shared: true });
  readonly probes = new SimProbes();
  readonly images: SimImages;
  readonly runtime: SimRuntime;
  readonly manifests: SimManifests;
  readonly staticManifests: SimManifests;
  readonly behaviour: NodeBehaviour;
  /** By file, and by what it says: a text that is there again is not read again. */
  readonly #contents = new WeakMap<ManifestFile, ManifestContent>();
  readonly #texts = new Map<string, ManifestContent>();

  constructor(random: Random, behaviour: NodeBehaviour, disks: SimDisks = USUAL_DISKS) {
    this.behaviour = behaviour;
    this.disks = disks;
    this.images = new SimImages(random.fork());
    const { time, disk, cgroups, images } = this;
    this.runtime = new SimRuntime({ time, random: random.fork(), disk, cgroups, images }, behaviour);
    const kept = () => {
      const { usedBytes, inodesUsed } = this.runtime.layers();
      return { usedBytes: usedBytes + images.usedBytes, inodesUsed };
    };
    const { capacityBytes, inodes, dedicatedImages } = disks;
    const size = {
      capacityBytes,
      inodes,
      otherUsedBytes: capacityBytes / 10,
      otherInodesUsed: Math.floor(inodes / 50),
    };
    const shared = { ...size, mountPoint: "/", device: "8:1" };
    this.filesystem = dedicatedImages ? shared : { ...shared, kept };
    this.imageFilesystem = dedicatedImages
      ? { ...size, mountPoint: SIM_IMAGES_DIR, device: "8:2", kept }
      : this.filesystem;
    this.filesystems = new SimFilesystems(disk, [...new Set([this.filesystem, this.imageFilesystem])]);
    this.manifests = new SimManifests(time, "manifests", "/etc/sim/manifests");
    this.staticManifests = new SimManifests(time, "file", "/etc/sim/static");
    disk.makeDirectories("/etc");
    disk.makeDirectories(SIM_IMAGES_DIR);
    disk.write("/etc/hosts", "127.0.0.1 localhost\n");
    disk.write("/etc/resolv.conf", "nameserver 192.0.2.53\n");
  }

  get sources(): readonly SimManifests[] {
    return [this.staticManifests, this.manifests];
  }

  /** What a file says. */
  readonly readManifest = (file: ManifestFile, source: Pick<ManifestSource, "kind">): ManifestContent => {
    const known = this.#contents.get(file);
    if (known !== undefined) return known;
    const { path, text = "" } = file;
    const key = `${source.kind} ${path} ${text}`;
    const content = this.#texts.get(key) ?? this.#read(file, source);
    this.#texts.set(key, content);
    this.#contents.set(file, content);
    return content;
  };

  #read({ path, text = "" }: ManifestFile, { kind }: Pick<ManifestSource, "kind">): ManifestContent {
    return readObjects(text === "" ? [] : [parseJson(text)], { kind, path, nodeName: NODE_NAME });
  }
}

export interface Witness {
  onRequest(request: Request): void;
  onTold(source: SimManifests, snapshot: ManifestSnapshot): void;
}

export interface NodeConnection {
  readonly ports: AgentPorts;
  readonly breakStreams: () => void;
}

/** The node as the agent at `line` sees it; `witness` hears what is asked and told. */
export function connect(node: SimNode, line: Line, log: Log, witness: Witness): NodeConnection {
  const { time, disk, behaviour } = node;
  const streams = simEventStreams(node.runtime, time, line, behaviour.events);
  const clock = clockAt(time, line);
  const ports: AgentPorts = {
    clock,
    log,
    runtime: simRuntimeService(node.runtime, time, line, {
      networkProblem: behaviour.networkProblem,
      onRequest: (request) => witness.onRequest(request),
    }),
    images: simImageService(node.images, time, line, behaviour.pullMs),
    imageTransfers: simImageTransfers(node.images, time, line),
    dockerConfig: { read: async () => [] },
    credentialPrograms: { run: async () => ({ error: "the simulated node has no plugins" }) },
    eventSource: streams.source,
    cgroups: simCgroups(node.cgroups, line),
    kernelLog: simKernelLog(node.kernelLog, line),
    oomCounters: simOomCounters(node.kernelLog),
    pressureSignals: simPressureSignals(node.memory, line, (ms) => clock.sleep(ms)),
    stats: simStats({ ...node, machine: SIM_MACHINE }, node.load, line, behaviour.figureIsMissing),
    files: simPodFiles(disk, ROOT_DIR, line),
    storageFiles: simStorageFiles(disk, line),
    pluginSockets: simPluginSockets(),
    csiDrivers: simCsiDrivers(),
    networkStorage: simNetworkStorage(),
    logFiles: simLogFiles(disk, { podLogsDir: POD_LOGS_DIR, containerLogsDir: CONTAINER_LOGS_DIR }, line),
    store: simRecordStore(node.records, line),
    tokens: simTokenSource(() => clock.now(), line),
    prober: simProber(node.probes, line),
    sources: node.sources.map((manifests) =>
      simManifestSource(manifests, time, line, behaviour.manifestLagMs, (snapshot) =>
        witness.onTold(manifests, snapshot),
      ),
    ),
    readManifest: node.readManifest,
    machine: SIM_MACHINE,
  };
  return { ports, breakStreams: streams.breakAll };
}
