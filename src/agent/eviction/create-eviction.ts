/** Composes everything that keeps the node alive under pressure, in the order in which it starts. */
import {
  conditionText,
  type EvictionConfig,
  type EvictionFields,
  type EvictionPolicy,
  evictionConfig,
  type FilesystemLayout,
  PRESSURE_CONDITIONS,
  type PressureCondition,
} from "../../core/eviction/index.ts";
import type { Cgroups } from "../../ports/cgroups.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { PodFiles } from "../../ports/pod-files.ts";
import type { PressureSignals } from "../../ports/pressure-signals.ts";
import type { RecordStore } from "../../ports/record-store.ts";
import type { AdmissionCheck } from "../admission/pod-admission.ts";
import type { ContainerGc } from "../containers/container-gc.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import type { ImageGc } from "../images/image-gc.ts";
import type { Pleg } from "../pleg/pleg.ts";
import type { PodWorkers } from "../pod-workers/pod-workers.ts";
import type { PodManager } from "../pods/pod-manager.ts";
import { filesystemLayout } from "../stats/node-disks.ts";
import type { StatsManager } from "../stats/stats-manager.ts";
import type { StatusManager } from "../status/status-manager.ts";
import { EvictedPods } from "./evicted-pods.ts";
import { EvictionManager } from "./eviction-manager.ts";
import { EvictionRecords } from "./eviction-records.ts";
import { readLastLogLines } from "./last-log-lines.ts";
import { MemoryAlarms } from "./memory-alarms.ts";
import { NodeReclaim } from "./node-reclaim.ts";
import { VictimEvictor } from "./victim-evictor.ts";

export interface EvictionOptions {
  readonly fields: EvictionFields;
  readonly policy: Partial<EvictionPolicy>;
  readonly periodMs: number;
}

interface Ports {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: RecordStore;
  readonly cgroups: Cgroups;
  readonly files: PodFiles;
  readonly pressureSignals: PressureSignals;
}

interface Options {
  readonly nodeName: string;
  readonly logRoot: string;
  readonly eviction: EvictionOptions;
}

interface Parts {
  readonly events: EventRecorder;
  readonly pods: PodManager;
  readonly pleg: Pleg;
  readonly statuses: StatusManager;
  readonly workers: PodWorkers;
  readonly stats: StatsManager;
  readonly gc: ContainerGc;
  readonly imageGc: ImageGc;
}

export function createEviction(ports: Ports, options: Options, parts: Parts) {
  const { clock, log, store, cgroups, files } = ports;
  const { events, pods, pleg, statuses, workers, stats, gc, imageGc } = parts;
  const records = new EvictionRecords({ log, store });
  const evictor = new VictimEvictor({
    clock,
    log,
    events,
    records,
    pods,
    workers,
    statuses,
    lastLogLines: (pod) => readLastLogLines({ pleg, files }, options.logRoot, pod),
  });
  const reclaim = new NodeReclaim({ clock, log, containers: gc, images: imageGc, cgroups, workers });
  const eviction = new EvictionManager(
    { clock, log, pleg, workers, statuses, stats, reclaim, evictor },
    { periodMs: options.eviction.periodMs, config: configuration(options.eviction, stats) },
  );
  eviction.onConditions((now, before) => tellConditions(events, options.nodeName, now, before));
  const alarms = new MemoryAlarms({ clock, log, signals: ports.pressureSignals, stats, eviction });
  const evictedPods = new EvictedPods({ clock, log, events, pods, workers, statuses, records, eviction, evictor });
  const admission: AdmissionCheck = {
    admit: (pod) => evictedPods.admit(pod),
    finishInterrupted: (pod) => evictor.finishInterrupted(pod),
    onChange: (listener) => eviction.onConditions(listener),
  };
  return { eviction, records, admission, components: [alarms, eviction, evictedPods] as const };
}

/** What lies on which filesystem is known once the runtime has told where it keeps what; until then all is one. */
function configuration({ fields, policy }: EvictionOptions, stats: StatsManager) {
  let known: EvictionConfig | undefined;
  const make = (filesystems: FilesystemLayout): EvictionConfig => {
    const parsed = evictionConfig(fields, { filesystems, knowsContainerFs: true, policy });
    // The validation of the configuration has refused what cannot be parsed.
    if ("error" in parsed) throw new Error(parsed.error);
    return parsed.config;
  };
  return async (): Promise<EvictionConfig> => {
    if (known !== undefined) return known;
    const layout = filesystemLayout(await stats.disks());
    const config = make(layout ?? "Shared");
    if (layout !== undefined) known = config;
    return config;
  };
}

/** Source: kubelet nodestatus/setters.go MemoryPressureCondition and its like. */
function tellConditions(
  events: EventRecorder,
  nodeName: string,
  now: readonly PressureCondition[],
  before: readonly PressureCondition[],
): void {
  for (const condition of PRESSURE_CONDITIONS) {
    const isThere = now.includes(condition);
    if (isThere === before.includes(condition)) continue;
    const { eventReason } = conditionText(condition, isThere ? "True" : "False");
    events.node("Normal", eventReason, `Node ${nodeName} status is now: ${eventReason}`);
  }
}
