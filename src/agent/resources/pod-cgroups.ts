/**
 * The cgroups of the node's pods: the QoS tree, one cgroup per pod, kept in step as pods come and go.
 * Source: kubelet cm/pod_container_manager_linux.go, cm/qos_container_manager_linux.go.
 */
import type { Pod } from "../../core/api/types.ts";
import type { CgroupName } from "../../core/cgroup/types.ts";
import { qosClass } from "../../core/pod/qos.ts";
import type { Cgroups } from "../../ports/cgroups.ts";
import type { Log } from "../../ports/log.ts";

export interface PodCgroupsPorts {
  readonly log: Log;
  readonly cgroups: Cgroups;
}

export interface PodCgroupsOptions {
  /** Below which everything of the pods lies; usually `["kubepods"]`. */
  readonly root: CgroupName;
}

export class PodCgroups {
  readonly #ports: PodCgroupsPorts;
  readonly #options: PodCgroupsOptions;

  constructor(ports: PodCgroupsPorts, options: PodCgroupsOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  async start(_signal: AbortSignal): Promise<void> {
    for (const name of [this.#options.root, this.#tree("burstable"), this.#tree("besteffort")]) {
      await this.#ports.cgroups.ensure(name, {});
    }
  }

  async stop(): Promise<void> {}

  runtimeParent(pod: Pod): string {
    return this.#ports.cgroups.runtimePath(this.#nameOf(pod));
  }

  async ensurePod(pod: Pod): Promise<void> {
    await this.#ports.cgroups.ensure(this.#nameOf(pod), {});
  }

  /** Whatever is left of the pod's processes is killed. Rejects when the cgroup cannot be removed yet. */
  async removePod(uid: string): Promise<void> {
    const { cgroups } = this.#ports;
    for (const parent of [this.#options.root, this.#tree("burstable"), this.#tree("besteffort")]) {
      const name = [...parent, `pod${uid}`];
      if ((await cgroups.exists(name)) && !(await cgroups.remove(name))) {
        throw new Error(`cgroup ${name.join("/")} could not be removed yet`);
      }
    }
  }

  /** UIDs of all pods that have a cgroup. */
  async listPods(): Promise<readonly string[]> {
    const trees = [this.#options.root, this.#tree("burstable"), this.#tree("besteffort")];
    const names = await Promise.all(trees.map((tree) => this.#ports.cgroups.children(tree)));
    return names.flat().flatMap((name) => (name.startsWith("pod") ? [name.slice("pod".length)] : []));
  }

  #tree(qos: "burstable" | "besteffort"): CgroupName {
    return [...this.#options.root, qos];
  }

  #nameOf(pod: Pod): CgroupName {
    const leaf = `pod${pod.metadata?.uid ?? ""}`;
    const qos = qosClass(pod);
    return qos === "Guaranteed"
      ? [...this.#options.root, leaf]
      : [...this.#tree(qos === "Burstable" ? "burstable" : "besteffort"), leaf];
  }
}
