/**
 * The cgroups of the node's pods: the tree of QoS classes with its limits, one cgroup per pod, kept in step as pods come
 * and go. Source: kubelet cm/pod_container_manager_linux.go, cm/qos_container_manager_linux.go,
 * cm/node_container_manager_linux.go.
 */
import type { Pod, QosClass } from "../../core/api/types.ts";
import {
  isCgroupSegment,
  KUBEPODS,
  type NodeCgroupsInput,
  nodeCgroups,
  podCgroupName,
  podUidOfCgroup,
  qosCgroupName,
  qosTree,
} from "../../core/cgroup/index.ts";
import type { CgroupName, CgroupResources } from "../../core/cgroup/types.ts";
import { qosClass } from "../../core/pod/qos.ts";
import { type PodCgroupNodeOptions, podCgroupResources } from "../../core/pod/resources-cgroup.ts";
import type { Cgroups } from "../../ports/cgroups.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";

export interface PodCgroupsPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly cgroups: Cgroups;
}

export interface PodCgroupsOptions {
  readonly node: NodeCgroupsInput;
  readonly pod: PodCgroupNodeOptions;
  /** `false`: no cgroups of classes and pods; the runtime makes those of containers below the root (cgroupsPerQOS). */
  readonly perQos?: boolean;
  /** Pods that may have processes. */
  readonly activePods: () => readonly Pod[];
}

const CLASSES: readonly QosClass[] = ["Guaranteed", "Burstable", "BestEffort"];
/** The QoS tree follows changes at once; this is the safety net (kubelet periodicQOSCgroupUpdateInterval). */
const UPDATE_EVERY_MS = 60_000;

export class PodCgroups {
  readonly #ports: PodCgroupsPorts;
  readonly #options: PodCgroupsOptions;
  #done: Promise<void> = Promise.resolve();
  #updating: Promise<void> = Promise.resolve();
  /** An update that has not begun: it serves whoever asks until then. */
  #queued: Promise<void> | undefined;
  /** Pods that the QoS limits count already, but for those of an earlier agent. */
  readonly #ensured = new Set<string>();
  /** The QoS limits as they were last written. */
  #written = "";

  constructor(ports: PodCgroupsPorts, options: PodCgroupsOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  /** Makes the tree and enforces what is reserved for the system; rejects with HostError when it cannot. */
  async start(signal: AbortSignal): Promise<void> {
    const { cgroups } = this.#ports;
    const { kubepods, reserved } = nodeCgroups(this.#options.node);
    for (const { kind, cgroup, limits } of reserved) await this.#enforceReserved(kind, cgroup, limits);
    if (!this.#hasTree) return;
    await cgroups.ensure(KUBEPODS, kubepods);
    for (const qos of CLASSES) await cgroups.ensure(qosCgroupName(KUBEPODS, qos), {});
    // Pods that an earlier agent left are not known yet: their classes keep what they have until they are.
    if ((await this.listPods()).length === 0) await this.updateTree();
    this.#done = this.#run(signal);
  }

  async stop(): Promise<void> {
    await this.#done;
  }

  /** What the runtime gets as the parent of the pod's containers. */
  runtimeParent(pod: Pod): string {
    return this.#ports.cgroups.runtimePath(this.#hasTree ? nameOf(pod) : []);
  }

  async ensurePod(pod: Pod): Promise<void> {
    if (!this.#hasTree) return;
    const uid = pod.metadata?.uid ?? "";
    if (!isCgroupSegment(uid)) throw new Error(`pod UID ${JSON.stringify(uid)} cannot be part of a cgroup name`);
    const { cgroups } = this.#ports;
    const exists = await cgroups.exists(nameOf(pod));
    if (exists && this.#ensured.has(uid)) return;
    if (!exists) await cgroups.ensure(nameOf(pod), podCgroupResources(pod, this.#options.pod));
    this.#ensured.add(uid);
    await this.updateTree();
  }

  /** Whatever is left of the pod's processes is killed. Rejects when the cgroup cannot be removed yet. */
  async removePod(uid: string): Promise<void> {
    const { cgroups } = this.#ports;
    if (!isCgroupSegment(uid) || !this.#hasTree) return;
    this.#ensured.delete(uid);
    for (const qos of CLASSES) {
      const name = podCgroupName(KUBEPODS, qos, uid);
      if (!(await cgroups.exists(name))) continue;
      if (!(await cgroups.remove(name))) throw new Error(`cgroup ${name.join("/")} could not be removed yet`);
    }
    await this.updateTree();
  }

  /** Whether any process is in a cgroup of the pod. */
  async hasProcesses(uid: string): Promise<boolean> {
    if (!isCgroupSegment(uid) || !this.#hasTree) return false;
    const { cgroups } = this.#ports;
    const processes = CLASSES.map((qos) => cgroups.processes(podCgroupName(KUBEPODS, qos, uid)));
    return (await Promise.all(processes)).some((pids) => pids.length > 0);
  }

  /** UIDs of all pods that have a cgroup. */
  async listPods(): Promise<readonly string[]> {
    if (!this.#hasTree) return [];
    const { cgroups } = this.#ports;
    const trees = CLASSES.map((qos) => qosCgroupName(KUBEPODS, qos));
    const children = await Promise.all(trees.map((tree) => cgroups.children(tree)));
    return trees.flatMap((tree, i) => (children[i] ?? []).flatMap((leaf) => podUidOfCgroup([...tree, leaf]) ?? []));
  }

  /** Writes the limits of the QoS classes where they changed; one update at a time. */
  updateTree(): Promise<void> {
    this.#queued ??= this.#updating.then(async () => {
      this.#queued = undefined;
      await this.#writeTree().catch((error: unknown) =>
        this.#ports.log.warn("QoS cgroups not updated", { error: errorMessage(error) }),
      );
    });
    this.#updating = this.#queued;
    return this.#updating;
  }

  get #hasTree(): boolean {
    return this.#options.perQos ?? true;
  }

  async #writeTree(): Promise<void> {
    const { cgroups } = this.#ports;
    const tree = qosTree({ pods: this.#options.activePods(), hugePageSizes: this.#options.node.hugePageSizes });
    const text = JSON.stringify(tree);
    if (text === this.#written) return;
    await cgroups.update(KUBEPODS, tree.kubepods);
    await cgroups.update(qosCgroupName(KUBEPODS, "Burstable"), tree.burstable);
    await cgroups.update(qosCgroupName(KUBEPODS, "BestEffort"), tree.bestEffort);
    this.#written = text;
  }

  async #enforceReserved(kind: string, cgroup: string, limits: CgroupResources): Promise<void> {
    const { cgroups, log } = this.#ports;
    if (await cgroups.updateAt(cgroup, limits)) return;
    log.error("a reserved cgroup does not exist: its limits are not enforced", { kind, cgroup });
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (await this.#ports.clock.sleep(UPDATE_EVERY_MS, signal)) {
      this.#written = "";
      await this.updateTree();
    }
  }
}

function nameOf(pod: Pod): CgroupName {
  return podCgroupName(KUBEPODS, qosClass(pod), pod.metadata?.uid ?? "");
}
