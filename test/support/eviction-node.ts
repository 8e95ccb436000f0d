/** A node of a few pods for tests of eviction: say what is measured, see what is decided. */
import {
  afterReclaim,
  type EvictablePod,
  type EvictionConfig,
  type EvictionDecision,
  type EvictionFields,
  type EvictionInput,
  type EvictionPolicy,
  type EvictionState,
  evictablePod,
  evictionConfig,
  type FilesystemLayout,
  INITIAL_EVICTION_STATE,
  type MeasuredAgain,
  stepEviction,
} from "../../src/core/eviction/index.ts";
import type { ContainerStats, FsStats, NodeStats, PodStats } from "../../src/core/stats/summary.ts";

export const MI = 1024 * 1024;
const CAPACITY_BYTES = 1000 * MI;
const START_MS = Date.UTC(2024, 0, 1);

export interface TestPod {
  readonly uid: string;
  readonly usedMi?: number;
  /** With cache that is not in use. */
  readonly usageMi?: number;
  readonly rssMi?: number;
  readonly requestMi?: number;
  readonly priority?: number;
  readonly graceSeconds?: number;
  readonly processes?: number;
  readonly rootfs?: FsStats;
  readonly logs?: FsStats;
  readonly isStatic?: boolean;
  /** It is not in the statistics. */
  readonly isUnmeasured?: boolean;
}

/** What is measured at one moment; a signal that is left out was not observed. */
export interface Measured {
  readonly atSeconds: number;
  readonly availableMi?: number;
  readonly node?: NodeStats;
  readonly pods?: readonly TestPod[];
  /** When it was measured, if not at once; "": not known. */
  readonly time?: string;
}

export class EvictionNode {
  readonly config: EvictionConfig;
  state: EvictionState = INITIAL_EVICTION_STATE;

  constructor(fields: EvictionFields, policy: Partial<EvictionPolicy> = {}, filesystems: FilesystemLayout = "Shared") {
    const parsed = evictionConfig({ enforceNodeAllocatable: [], ...fields }, { policy, filesystems });
    if ("error" in parsed) throw new Error(parsed.error);
    this.config = parsed.config;
  }

  step(measured: Measured, more: Partial<EvictionInput> = {}): EvictionDecision {
    const decision = stepEviction(this.config, this.state, { ...inputOf(measured), ...more });
    this.state = decision.state;
    return decision;
  }

  /** Goes on after a plan to reclaim that was made on `measured`. */
  again(decision: EvictionDecision, measured: Measured, second: MeasuredAgain): EvictionDecision {
    const { plan } = decision;
    if (plan.kind !== "reclaim" && plan.kind !== "reclaimPodMemory")
      throw new Error(`nothing to reclaim: ${plan.kind}`);
    const next = afterReclaim(this.config, this.state, inputOf(measured), plan, second);
    this.state = next.state;
    return next;
  }
}

export function inputOf(measured: Measured): EvictionInput {
  const { atSeconds, availableMi, node = {}, pods = [] } = measured;
  const time = measured.time ?? timeAt(atSeconds);
  const available = availableMi === undefined ? undefined : availableMi * MI;
  const memory = available !== undefined && {
    memory: { ...node.memory, ...timed(time), availableBytes: available, workingSetBytes: CAPACITY_BYTES - available },
  };
  return {
    nowMs: START_MS + atSeconds * 1000,
    summary: {
      node: { ...node, ...memory },
      pods: pods.filter(({ isUnmeasured }) => isUnmeasured !== true).map(statsOf),
    },
    activePods: pods.map(podOf),
  };
}

/** A filesystem with 1000 Mi and 1000 inodes. */
export function fs(atSeconds: number, availableMi: number, inodesFree = 1000): FsStats {
  return {
    time: timeAt(atSeconds),
    availableBytes: availableMi * MI,
    capacityBytes: CAPACITY_BYTES,
    inodesFree,
    inodes: 1000,
  };
}

/** UIDs of those that a decision evicts. */
export function victimsOf({ plan }: EvictionDecision): readonly string[] {
  return plan.kind === "evict" ? plan.victims.map(({ uid }) => uid) : [];
}

export function timeAt(atSeconds: number): string {
  return new Date(START_MS + atSeconds * 1000).toISOString();
}

function timed(time: string): { readonly time?: string } {
  return time === "" ? {} : { time };
}

export function podOf({ uid, requestMi, priority, graceSeconds, isStatic }: TestPod): EvictablePod {
  const resources = requestMi === undefined ? {} : { resources: { requests: { memory: `${requestMi}Mi` } } };
  return evictablePod({
    metadata: {
      uid,
      name: uid,
      namespace: "default",
      ...(isStatic === true && { annotations: { "kubernetes.io/config.source": "file" } }),
    },
    spec: {
      containers: [{ name: "main", ...resources }],
      ...(priority !== undefined && { priority }),
      ...(graceSeconds !== undefined && { terminationGracePeriodSeconds: graceSeconds }),
    },
  });
}

function statsOf({ uid, usedMi = 0, usageMi, rssMi, processes, rootfs, logs }: TestPod): PodStats {
  const memory = {
    workingSetBytes: usedMi * MI,
    ...(usageMi !== undefined && { usageBytes: usageMi * MI }),
    ...(rssMi !== undefined && { rssBytes: rssMi * MI }),
  };
  const main: ContainerStats = { name: "main", memory, ...(rootfs && { rootfs }), ...(logs && { logs }) };
  return {
    podRef: { name: uid, namespace: "default", uid },
    containers: [main],
    memory,
    ...(processes !== undefined && { process_stats: { process_count: processes } }),
  };
}
