/** The whole agent on fakes: a node that outlives its agents, and what a test wants to know of it. */
import type { Agent, AgentOptions } from "../../src/agent/agent.ts";
import { createAgent } from "../../src/agent/create-agent.ts";
import { admissionNode, nodeLabels } from "../../src/core/admission/index.ts";
import type { Container, Pod, PodStatus } from "../../src/core/api/types.ts";
import { KUBELET_BACKOFF } from "../../src/core/backoff/backoff.ts";
import { DEFAULT_CONTAINER_GC_POLICY } from "../../src/core/containers/garbage.ts";
import { defaultPod } from "../../src/core/pod/defaults.ts";
import { standalonePod } from "../../src/core/pod/standalone-pod.ts";
import type { ManifestContent, ManifestObject } from "../../src/core/pods/desired-state.ts";
import { RuntimeError } from "../../src/ports/errors.ts";
import type { ImageTransfers } from "../../src/ports/image-transfers.ts";
import type { ManifestFile, ManifestSnapshot, ManifestSource } from "../../src/ports/manifest-source.ts";
import { simNetworkStorage } from "../../src/sim/storage/sim-network-storage.ts";
import { FakeClock, settle } from "./fakes-clock.ts";
import { FakeCsiDriver, FakePluginSockets } from "./fakes-csi.ts";
import {
  FakeCgroups,
  FakeFiles,
  FakeKernelLog,
  FakeLog,
  FakeLogFiles,
  FakeProber,
  FakeStore,
  FakeTokens,
} from "./fakes-ports.ts";
import { type FakeContainer, FakeEventSource, FakeImages, FakeRuntime } from "./fakes-runtime.ts";
import { FakeStats } from "./fakes-stats.ts";
import { FakeStorageFiles } from "./fakes-storage.ts";

export const FAKE_OPTIONS: AgentOptions = {
  nodeName: "node",
  hostIps: ["192.0.2.1"],
  standalone: true,
  logRoot: "/logs",
  logLinksRoot: "/links",
  seccompProfileRoot: "/root/seccomp",
  seccompDefault: false,
  clusterDomain: "cluster.local",
  clusterDns: [],
  resolvConf: "",
  allowedUnsafeSysctls: [],
  allocatable: { cpu: "4", memory: "8Gi" },
  admission: {
    node: admissionNode({
      name: "node",
      labels: nodeLabels({ hostname: "node", architecture: "amd64" }, { disk: "ssd" }),
      taints: [],
      allocatable: { cpu: "4", memory: "8Gi", pods: "110" },
    }),
  },
  cpuCfsQuota: true,
  cpuPeriodUs: 100_000,
  credentialProviders: [],
  imageGc: {
    policy: { highThresholdPercent: 85, lowThresholdPercent: 80, minAgeMs: 120_000, maxAgeMs: 0 },
    periodMs: 300_000,
    keepImages: [],
  },
  crashBackoff: KUBELET_BACKOFF,
  resyncMs: 60_000,
  containerLogMaxSizeBytes: 1_000,
  containerLogMaxFiles: 3,
  containerLogMonitorIntervalMs: 10_000,
  containerGc: { policy: DEFAULT_CONTAINER_GC_POLICY, periodMs: 60_000 },
  eviction: { fields: { evictionHard: {} }, policy: {}, periodMs: 3_600_000 },
  claimsDirectory: "/root/claims",
  stats: { rootDir: "/root", diskPeriodMs: 60_000, systemCgroups: [] },
  cgroups: {
    node: {
      capacity: { cpu: "4", memory: "8Gi" },
      reservations: { systemReserved: {}, kubeReserved: {}, evictionHard: {} },
      enforce: ["pods"],
      systemReservedCgroup: "",
      kubeReservedCgroup: "",
      hugePageSizes: [],
    },
    pod: { enforceCpuLimits: true, cpuPeriodUs: 100_000, podPidsLimit: -1, hugePageSizes: [] },
  },
};

/** Tells what a test puts into it. */
export class FakeSource implements ManifestSource {
  readonly kind: ManifestSource["kind"];
  readonly location: string;
  #onSnapshot: (snapshot: ManifestSnapshot) => void = () => {};
  #last: ManifestSnapshot | undefined;
  /** A new agent is told nothing before a test does. */
  isSlow = false;

  constructor(kind: ManifestSource["kind"] = "manifests", location = "/manifests") {
    this.kind = kind;
    this.location = location;
  }

  async run(onSnapshot: (snapshot: ManifestSnapshot) => void, signal: AbortSignal): Promise<void> {
    this.#onSnapshot = onSnapshot;
    if (this.#last !== undefined && !this.isSlow) onSnapshot(this.#last);
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  }

  /** Path -> text; the texts are read by `readFakeManifest`. */
  show(files: Readonly<Record<string, string>>): void {
    const paths = Object.keys(files).toSorted();
    this.tell({ files: paths.map((path) => ({ path, modifiedAtMs: 0, text: files[path] })) });
  }

  showPods(...pods: readonly Pod[]): void {
    this.show(Object.fromEntries(pods.map((pod) => [`${this.location}/${pod.metadata?.name}.json`, manifest(pod)])));
  }

  unreadable(message: string): void {
    this.tell({ unreadable: message });
  }

  tell(snapshot: ManifestSnapshot): void {
    this.#last = snapshot;
    this.#onSnapshot(snapshot);
  }
}

/** Text of a manifest with these objects. */
export function manifest(...objects: readonly (Pod | ManifestObject)[]): string {
  return JSON.stringify(
    objects.map((object) => ("kind" in object && "object" in object ? object : { kind: "Pod", object })),
  );
}

/** A text that is no JSON is broken as a whole. */
export function readFakeManifest({ path, text = "" }: ManifestFile): ManifestContent {
  try {
    return { path, objects: JSON.parse(text) as ManifestObject[], problems: [], unusable: false };
  } catch {
    return { path, objects: [], problems: [{ path, message: "not readable" }], unusable: true };
  }
}

/** Of one container "main", unless told otherwise; its UID follows from what it says. */
export function podOf(name: string, spec: Partial<NonNullable<Pod["spec"]>> = {}): Pod {
  const written: Pod = { metadata: { name }, spec: { containers: [container("main")], ...spec } };
  return standalonePod(defaultPod(written), written, { nodeName: "node", path: `/manifests/${name}.json` });
}

export function container(name: string, more: Partial<Container> = {}): Container {
  return { name, image: "busybox:1", imagePullPolicy: "IfNotPresent", ...more };
}

/** Of a runtime that does not tell how far pulls are. */
export const noTransfers: ImageTransfers = (() => {
  const refuse = async () => {
    throw new RuntimeError("Unimplemented", "ListStatuses", "unknown service");
  };
  return { transfers: refuse, manifests: refuse, present: refuse };
})();

export class FakeNode {
  readonly clock = new FakeClock();
  readonly log = new FakeLog();
  readonly runtime = new FakeRuntime(this.clock);
  readonly images = new FakeImages();
  readonly files = new FakeFiles();
  readonly logFiles = new FakeLogFiles();
  readonly cgroups = new FakeCgroups();
  readonly kernelLog = new FakeKernelLog();
  readonly stats = new FakeStats(this.clock);
  readonly store = new FakeStore();
  readonly prober = new FakeProber();
  readonly source = new FakeSource();
  readonly storageFiles = new FakeStorageFiles();
  readonly pluginSockets = new FakePluginSockets();
  readonly csiDriver = new FakeCsiDriver();
  eventSource = new FakeEventSource();
  agent: Agent;
  readonly #options: Partial<AgentOptions>;

  constructor(options: Partial<AgentOptions> = {}) {
    this.#options = options;
    this.images.present.add("busybox:1");
    this.agent = this.#create();
  }

  #create(): Agent {
    this.eventSource = new FakeEventSource();
    return createAgent(
      {
        clock: this.clock,
        log: this.log,
        runtime: this.runtime.service,
        images: this.images.service,
        imageTransfers: noTransfers,
        dockerConfig: { read: async () => [] },
        credentialPrograms: { run: async () => ({ error: "no plugins" }) },
        eventSource: this.eventSource,
        cgroups: this.cgroups,
        kernelLog: this.kernelLog,
        oomCounters: this.kernelLog,
        stats: this.stats,
        pressureSignals: { readMemory: () => undefined, openMemoryAlarm: async () => undefined },
        files: this.files,
        storageFiles: this.storageFiles,
        pluginSockets: this.pluginSockets,
        csiDrivers: this.csiDriver,
        networkStorage: simNetworkStorage(),
        logFiles: this.logFiles,
        store: this.store,
        tokens: new FakeTokens(this.clock),
        prober: this.prober,
        sources: [this.source],
        readManifest: readFakeManifest,
        machine: MACHINE,
      },
      { ...FAKE_OPTIONS, ...this.#options },
    );
  }

  /** The agent runs and the runtime's event stream stands. */
  async start(): Promise<void> {
    const started = this.agent.start();
    await settle();
    this.eventSource.connect();
    await this.clock.pass(1_000);
    await started;
  }

  /** As after SIGKILL: nothing of the agent is left but its records, and a new one starts. */
  async restart(): Promise<void> {
    const stopped = this.agent.stop();
    await this.clock.pass(30_000);
    await stopped;
    this.agent = this.#create();
    this.runtime.calls.length = 0;
    await this.start();
  }

  /** The agent dies when it wants to end a pod: it has decided, and done nothing. */
  dieInsteadOfKilling(): void {
    this.agent.workers.kill = () => void this.agent.stop();
  }

  /** A container's first process ends. */
  async exit(id: string, code: number): Promise<void> {
    this.runtime.exit(id, code);
    this.eventSource.tell("stopped", id);
    await this.clock.pass(50);
  }

  status(pod: Pod): PodStatus | undefined {
    return this.agent.view.pods().find(({ metadata }) => metadata?.uid === pod.metadata?.uid)?.status;
  }

  /** The running instance of a container name. */
  running(name: string): FakeContainer | undefined {
    return this.runtime.instances(name).find(({ state }) => state === "CONTAINER_RUNNING");
  }

  /** Events as "Reason: message", oldest change first. */
  events(): readonly string[] {
    return this.agent.events.list().map(({ reason, message }) => `${reason}: ${message}`);
  }
}

const MACHINE = {
  hostname: "node",
  cpuCores: 4,
  memoryBytes: 8 * 2 ** 30,
  maxPids: 32_768,
  bootId: "boot",
  machineId: "machine",
  systemUuid: "uuid",
  kernelVersion: "6.1.0",
  appArmor: false,
  osImage: "Debian",
  architecture: "amd64",
  nodeIp: "192.0.2.1",
  hugePageBytes: {},
  seLinux: false,
};
