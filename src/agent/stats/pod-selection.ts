/** Which pods have figures, and where on the machine they come from. */
import type { Pod } from "../../core/api/types.ts";
import { isCgroupSegment, KUBEPODS, podCgroupName } from "../../core/cgroup/index.ts";
import { qosClass } from "../../core/pod/qos.ts";
import type { RuntimeContainerStatus, RuntimePodStatus } from "../../core/pod/runtime-status.ts";
import type { PodWorkersState } from "../../core/pod-worker/state.ts";
import type { PodReference } from "../../core/stats/summary.ts";
import type { Cgroups } from "../../ports/cgroups.ts";

/** A pod that has something running. */
export interface MeasuredPod {
  readonly podRef: PodReference;
  readonly pod: Pod;
  readonly createdAtMs: number;
  /** Absent: pods have no cgroups of their own. */
  readonly cgroup?: string;
  /** Absent: none is ready. */
  readonly sandboxId?: string;
  /** Those that run, by name. */
  readonly containers: readonly RuntimeContainerStatus[];
}

export interface PodSelectionPorts {
  readonly workers: { readonly state: PodWorkersState };
  readonly pleg: { peek(uid: string): RuntimePodStatus | undefined };
  readonly cgroups: Pick<Cgroups, "runtimePath">;
}

export class PodSelection {
  readonly #ports: PodSelectionPorts;
  readonly #perQos: boolean;
  /** A pod's class never changes. */
  readonly #cgroupOf = new WeakMap<Pod, string>();

  constructor(ports: PodSelectionPorts, options: { readonly perQos: boolean }) {
    this.#ports = ports;
    this.#perQos = options.perQos;
  }

  /**
   * Pods with a running container or a ready sandbox, by namespace and name. Source: cri_stats_provider.go
   * getPodAndContainerMaps. Differs: a pod between two starts of its only container stays, as its files do.
   */
  pods(): readonly MeasuredPod[] {
    const { workers, pleg } = this.#ports;
    const measured = Object.values(workers.state.workers).flatMap(({ uid, pod, runtimeOnly }) => {
      const status = runtimeOnly ? undefined : pleg.peek(uid);
      return (status === undefined ? undefined : this.#measured(pod, status)) ?? [];
    });
    return measured.sort((a, b) => compare(keyOf(a.podRef), keyOf(b.podRef)));
  }

  #measured(pod: Pod, status: RuntimePodStatus): MeasuredPod | undefined {
    const running = status.containerStatuses.filter(({ state }) => state === "CONTAINER_RUNNING");
    const [newest] = status.sandboxStatuses;
    const sandbox = status.sandboxStatuses.find(({ state }) => state === "SANDBOX_READY");
    if (running.length === 0 && sandbox === undefined) return undefined;
    const { uid, name, namespace } = status;
    const cgroup = this.#cgroup(pod);
    return {
      podRef: { name, namespace, uid },
      pod,
      createdAtMs: (sandbox ?? newest)?.createdAtMs ?? running[0]?.createdAtMs ?? 0,
      ...(cgroup !== undefined && { cgroup }),
      ...(sandbox !== undefined && { sandboxId: sandbox.id }),
      containers: running.toSorted((a, b) => compare(a.name, b.name)),
    };
  }

  #cgroup(pod: Pod): string | undefined {
    const uid = pod.metadata?.uid ?? "";
    if (!this.#perQos || !isCgroupSegment(uid)) return undefined;
    const known = this.#cgroupOf.get(pod);
    if (known !== undefined) return known;
    const path = this.#ports.cgroups.runtimePath(podCgroupName(KUBEPODS, qosClass(pod), uid));
    this.#cgroupOf.set(pod, path);
    return path;
  }
}

function keyOf({ namespace, name, uid }: PodReference): string {
  return `${namespace}/${name}/${uid}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
