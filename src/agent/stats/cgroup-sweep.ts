/** One look at all cgroups that the Summary speaks of, in one batch. */
import { KUBEPODS } from "../../core/cgroup/index.ts";
import type { SampledCgroup } from "../../core/stats/cgroup-stats.ts";
import { containerCgroup } from "../../core/stats/container-cgroup.ts";
import { type CpuSample, nextCpuSample } from "../../core/stats/cpu-rate.ts";
import type { NodeFigures, SystemContainerFigures } from "../../core/stats/node-stats.ts";
import type { CgroupObservation } from "../../core/stats/observations.ts";
import type { PodFigures } from "../../core/stats/pod-stats.ts";
import type { Cgroups } from "../../ports/cgroups.ts";
import type { CgroupPart, CgroupRequest, Stats } from "../../ports/stats.ts";
import type { MeasuredPod } from "./pod-selection.ts";

export interface CgroupSweepPorts {
  readonly stats: Pick<Stats, "cgroups" | "cgroupChildren" | "network">;
  readonly cgroups: Pick<Cgroups, "runtimePath">;
}

/** A cgroup of the machine that is no pod's. */
export interface SystemCgroup {
  readonly name: "kubelet" | "runtime" | "misc";
  /** Below the mount of each hierarchy. */
  readonly path: string;
  readonly startedAtMs?: number;
}

export interface CgroupSweepOptions {
  readonly perQos: boolean;
  readonly systemCgroups: readonly SystemCgroup[];
}

export interface SweptCgroups {
  readonly root: Pick<NodeFigures, "cgroup" | "systemContainers">;
  readonly pods: readonly SweptPod[];
}

export interface SweptPod extends Pick<PodFigures, "cgroup" | "network"> {
  readonly measured: MeasuredPod;
  /** In the order of the pod's containers; `undefined`: its cgroup is not there. */
  readonly containers: readonly (SampledCgroup | undefined)[];
}

/** Paths; `undefined`: the runtime has made none yet, or it is gone. */
interface LocatedPod {
  readonly measured: MeasuredPod;
  readonly containers: readonly (string | undefined)[];
  readonly sandbox: string | undefined;
}

const ROOT_PARTS: readonly CgroupPart[] = ["cpu", "memory", "swap"];
const POD_PARTS: readonly CgroupPart[] = ["cpu", "memory", "swap", "pressure"];
const CONTAINER_PARTS: readonly CgroupPart[] = [...POD_PARTS, "processes"];

export class CgroupSweep {
  readonly #ports: CgroupSweepPorts;
  readonly #options: CgroupSweepOptions;
  /** By path; of the cgroups that the last sweep found. */
  #samples: ReadonlyMap<string, CpuSample> = new Map();
  /** Cgroups of containers and sandboxes by their id; of those that the last sweep asked for. */
  #paths: ReadonlyMap<string, string> = new Map();

  constructor(ports: CgroupSweepPorts, options: CgroupSweepOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  /** The cgroup of all pods. */
  get podsPath(): string {
    return this.#ports.cgroups.runtimePath(this.#options.perQos ? KUBEPODS : []);
  }

  async sweep(pods: readonly MeasuredPod[]): Promise<SweptCgroups> {
    const { stats } = this.#ports;
    const { systemCgroups } = this.#options;
    const located = this.#locate(pods);
    const requests: readonly CgroupRequest[] = [
      { path: "/", parts: ROOT_PARTS },
      { path: this.podsPath, parts: POD_PARTS },
      ...systemCgroups.map(({ path }) => ({ path, parts: POD_PARTS })),
      ...located.flatMap(requestsOf),
    ];
    const answers = await stats.cgroups(requests);
    const found = this.#sampled(requests, answers);
    const at = (path: string | undefined) => (path === undefined ? undefined : found.get(path));
    const root = at("/");
    const systemContainers: readonly SystemContainerFigures[] = [
      ...systemCgroups.map(({ name, path, startedAtMs }) => ({
        name,
        ...(startedAtMs !== undefined && { startedAtMs }),
        cgroup: at(path),
      })),
      { name: "pods", cgroup: at(this.podsPath) },
    ];
    return {
      root: { ...(root !== undefined && { cgroup: root }), systemContainers },
      pods: located.map(({ measured, containers, sandbox }) => {
        const cgroup = at(measured.cgroup);
        const network = this.#network(at(sandbox));
        return {
          measured,
          containers: containers.map(at),
          ...(cgroup !== undefined && { cgroup }),
          ...(network !== undefined && { network }),
        };
      }),
    };
  }

  /** Where the pods' containers are; directories are listed only for a container that was not there before. */
  #locate(pods: readonly MeasuredPod[]): readonly LocatedPod[] {
    const paths = new Map<string, string>();
    const listed = new Map<string, readonly string[]>();
    const children = (parent: string): readonly string[] => {
      const known = listed.get(parent) ?? this.#ports.stats.cgroupChildren(parent);
      listed.set(parent, known);
      return known;
    };
    const locate = (parent: string, id: string): string | undefined => {
      let path = this.#paths.get(id);
      if (path === undefined) {
        const directory = containerCgroup(children(parent), id);
        if (directory === undefined) return undefined;
        path = `${parent === "/" ? "" : parent}/${directory}`;
      }
      paths.set(id, path);
      return path;
    };
    const located = pods.map((measured) => {
      const parent = measured.cgroup ?? this.podsPath;
      const containers = measured.containers.map(({ id }) => locate(parent, id));
      const sandbox = measured.sandboxId === undefined ? undefined : locate(parent, measured.sandboxId);
      return { measured, containers, sandbox };
    });
    this.#paths = paths;
    return located;
  }

  #sampled(requests: readonly CgroupRequest[], answers: readonly (CgroupObservation | undefined)[]) {
    const samples = new Map<string, CpuSample>();
    const found = new Map<string, SampledCgroup>();
    for (const [index, { path }] of requests.entries()) {
      const answer = answers[index];
      if (answer === undefined) continue;
      const sample = nextCpuSample(this.#samples.get(path), answer);
      if (sample !== undefined) samples.set(path, sample);
      const usageNanoCores = sample?.usageNanoCores;
      found.set(path, { ...answer, ...(usageNanoCores !== undefined && { usageNanoCores }) });
    }
    this.#samples = samples;
    return found;
  }

  /** All processes of a sandbox are in the network namespace of the pod. */
  #network(sandbox: SampledCgroup | undefined): PodFigures["network"] {
    const [pid] = sandbox?.processes ?? [];
    if (pid === undefined || sandbox === undefined) return undefined;
    const interfaces = this.#ports.stats.network(pid);
    return interfaces && { atMs: sandbox.atMs, interfaces };
  }
}

function requestsOf({ measured, containers, sandbox }: LocatedPod): readonly CgroupRequest[] {
  const ask = (path: string | undefined, parts: readonly CgroupPart[]): readonly CgroupRequest[] =>
    path === undefined ? [] : [{ path, parts }];
  return [
    ...ask(measured.cgroup, POD_PARTS),
    ...containers.flatMap((path) => ask(path, CONTAINER_PARTS)),
    ...ask(sandbox, ["processes"]),
  ];
}
