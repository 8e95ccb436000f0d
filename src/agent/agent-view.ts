/** What the agent shows of itself to its servers and to the simulator. Owns nothing. */
import { formatTime } from "../core/api/time.ts";
import type { ConfigMap, Pod, PodStatus, Secret } from "../core/api/types.ts";
import type { CriImage } from "../core/cri/types.ts";
import type { EvictionFields, PressureCondition } from "../core/eviction/index.ts";
import type { EvictionRecord } from "../core/eviction/record.ts";
import type { ManifestProblem } from "../core/pods/desired-state.ts";
import type { Summary } from "../core/stats/summary.ts";
import type { Clock } from "../ports/clock.ts";
import type { ImageService, RuntimeService, RuntimeVersion } from "../ports/runtime.ts";
import type { EventRecorder, RecordedEvent } from "./events/event-recorder.ts";
import type { EvictionManager, EvictionRound, PressureNow } from "./eviction/eviction-manager.ts";
import type { EvictionRecords } from "./eviction/eviction-records.ts";
import type { PullUnderWay, PullWatch } from "./images/pull-watch.ts";
import type { Kubelet } from "./kubelet.ts";
import type { Readiness, RuntimeHealth } from "./node/runtime-health.ts";
import type { PodWorkers } from "./pod-workers/pod-workers.ts";
import type { PodManager } from "./pods/pod-manager.ts";
import type { StatsManager, SummaryOptions } from "./stats/stats-manager.ts";
import type { StatusManager } from "./status/status-manager.ts";
import type { StorageView } from "./volumes/storage-view.ts";

export interface AgentViewPorts {
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly health: RuntimeHealth;
  readonly images: ImageService;
  readonly kubelet: Pick<Kubelet, "lastRoundAgeMs">;
  readonly pods: PodManager;
  readonly pulls: Pick<PullWatch, "list">;
  readonly runtime: RuntimeService;
  readonly stats: StatsManager;
  readonly statuses: StatusManager;
  readonly workers: PodWorkers;
  readonly storage: StorageView;
  readonly pressure: { readonly eviction: EvictionManager; readonly records: EvictionRecords };
}

export interface AgentViewOptions {
  readonly nodeName: string;
  readonly logRoot: string;
  readonly eviction: { readonly fields: EvictionFields };
}

export class AgentView {
  readonly #ports: AgentViewPorts;
  readonly #options: AgentViewOptions;

  constructor(ports: AgentViewPorts, options: AgentViewOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  get nodeName(): string {
    return this.#options.nodeName;
  }

  /** Root of the pod log directories. */
  get logRoot(): string {
    return this.#options.logRoot;
  }

  /** For exec, attach and port-forward: the runtime's own streaming server. */
  get runtime(): RuntimeService {
    return this.#ports.runtime;
  }

  /**
   * Every pod that is wanted or still ending, with its status, by namespace and name. A pod that is ending carries a
   * deletion timestamp.
   */
  pods(): readonly Pod[] {
    const { pods, workers } = this.#ports;
    const wanted = pods.pods().map(({ pod }) => pod);
    const known = new Set(wanted.map((pod) => pod.metadata?.uid));
    const ending = Object.values(workers.state.workers)
      .filter(({ uid, runtimeOnly }) => !known.has(uid) && !runtimeOnly)
      .map(({ pod, terminatingAtMs }) => withDeletion(pod, terminatingAtMs));
    return [...wanted, ...ending].map((pod) => this.#ports.statuses.withStatus(pod)).sort(byName);
  }

  /** The wanted pod of that name, else one that is ending. */
  pod(namespace: string, name: string): Pod | undefined {
    const found = this.pods().filter(({ metadata }) => metadata?.namespace === namespace && metadata.name === name);
    return found.find(({ metadata }) => metadata?.deletionTimestamp === undefined) ?? found[0];
  }

  /** Calls `listener` for each pod whose status changed from now on, with its UID; returns how to stop that. */
  onPodStatus(listener: (uid: string, status: PodStatus) => void): () => void {
    return this.#ports.statuses.subscribe(listener);
  }

  configMaps(): readonly ConfigMap[] {
    return this.#ports.pods.configMaps();
  }

  secrets(): readonly Secret[] {
    return this.#ports.pods.secrets();
  }

  /** Claims, volumes, CSI drivers. */
  get storage(): Pick<StorageView, keyof StorageView> {
    return this.#ports.storage;
  }

  events(): readonly RecordedEvent[] {
    return this.#ports.events.list();
  }

  /** Calls `listener` for each event from now on; returns how to stop that. */
  onEvent(listener: (event: RecordedEvent) => void): () => void {
    return this.#ports.events.subscribe(listener);
  }

  /** Everything that is wrong with manifests now. */
  manifestProblems(): readonly ManifestProblem[] {
    return this.#ports.pods.problems();
  }

  images(): Promise<readonly CriImage[]> {
    return this.#ports.images.listImages();
  }

  /** Pulls that are under way or wait for their turn. */
  pulls(): readonly PullUnderWay[] {
    return this.#ports.pulls.list();
  }

  /** What node and pods use. */
  summary(options: SummaryOptions): Promise<Summary> {
    return this.#ports.stats.summary(options);
  }

  /** Pressure that the node reports, sorted. */
  pressureConditions(): readonly PressureCondition[] {
    return this.#ports.pressure.eviction.conditions;
  }

  /** Why: where the node stands now, by fresh figures. */
  explainPressure(): Promise<PressureNow> {
    return this.#ports.pressure.eviction.explain();
  }

  /** The configuration of eviction as it was written. */
  get evictionFields(): EvictionFields {
    return this.#options.eviction.fields;
  }

  /** Every eviction that is remembered, oldest first. */
  evictionRecords(): readonly EvictionRecord[] {
    return this.#ports.pressure.records.list();
  }

  /** Calls `listener` with every round of the eviction manager from now on; returns how to stop that. */
  onEvictionRound(listener: (round: EvictionRound) => void): () => void {
    return this.#ports.pressure.eviction.onRound(listener);
  }

  readiness(): Readiness {
    return this.#ports.health.readiness();
  }

  /** Milliseconds since the sync loop went round last: a stuck loop shows here. */
  syncLoopAgeMs(): number {
    return this.#ports.kubelet.lastRoundAgeMs;
  }

  runtimeVersion(): RuntimeVersion | undefined {
    return this.#ports.health.version;
  }
}

function withDeletion(pod: Pod, terminatingAtMs: number | undefined): Pod {
  if (terminatingAtMs === undefined || pod.metadata?.deletionTimestamp !== undefined) return pod;
  const deletionTimestamp = formatTime(terminatingAtMs);
  return { ...pod, metadata: { ...pod.metadata, deletionTimestamp } };
}

function byName(a: Pod, b: Pod): number {
  const key = (pod: Pod) => `${pod.metadata?.namespace ?? ""}/${pod.metadata?.name ?? ""}/${pod.metadata?.uid ?? ""}`;
  return key(a) < key(b) ? -1 : 1;
}
