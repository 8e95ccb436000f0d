/** What the node itself can give back before a pod has to go. Each is bounded in time: whoever asks measures afterwards. */
import { KUBEPODS, podCgroupName } from "../../core/cgroup/index.ts";
import type { ReclaimPodMemoryPlan, ReclaimStep } from "../../core/eviction/index.ts";
import { qosClass } from "../../core/pod/qos.ts";
import type { Cgroups } from "../../ports/cgroups.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { ContainerGc } from "../containers/container-gc.ts";
import type { ImageGc } from "../images/image-gc.ts";
import type { PodWorkers } from "../pod-workers/pod-workers.ts";

export interface NodeReclaimPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly containers: Pick<ContainerGc, "collect">;
  readonly images: Pick<ImageGc, "deleteUnusedImages">;
  readonly cgroups: Pick<Cgroups, "reclaimMemory">;
  readonly workers: Pick<PodWorkers, "state">;
}

/** A runtime that hangs must not keep the node from evicting. */
const STEP_LIMIT_MS = 60_000;
const MEMORY_LIMIT_MS = 2_000;

export class NodeReclaim {
  readonly #ports: NodeReclaimPorts;

  constructor(ports: NodeReclaimPorts) {
    this.#ports = ports;
  }

  /** Dead containers, unused images; in this order. Never rejects. */
  async reclaim(steps: readonly ReclaimStep[], signal: AbortSignal): Promise<void> {
    const { containers, images } = this.#ports;
    for (const step of steps) {
      const work = step === "containers" ? containers.collect(true) : images.deleteUnusedImages(signal);
      await this.#bounded(`reclaim of ${step}`, work, STEP_LIMIT_MS, signal);
    }
  }

  /** Asks the kernel to take memory back from pods; where it cannot be asked nothing happens. Never rejects. */
  async reclaimPodMemory(pods: ReclaimPodMemoryPlan["pods"], signal: AbortSignal): Promise<void> {
    const { cgroups, workers } = this.#ports;
    const work = pods.map(async ({ uid, bytes }) => {
      const pod = workers.state.workers[uid]?.pod;
      if (pod !== undefined) await cgroups.reclaimMemory(podCgroupName(KUBEPODS, qosClass(pod), uid), bytes);
    });
    await this.#bounded("reclaim of pods' memory", Promise.all(work), MEMORY_LIMIT_MS, signal);
  }

  async #bounded(what: string, work: Promise<unknown>, limitMs: number, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#ports;
    const over = new AbortController();
    const onAbort = () => over.abort();
    signal.addEventListener("abort", onAbort, { once: true });
    const done = work.then(
      () => true,
      (error: unknown) => {
        log.warn(`${what} failed`, { error: errorMessage(error) });
        return true;
      },
    );
    const isDone = await Promise.race([done, clock.sleep(limitMs, over.signal).then(() => false)]);
    over.abort();
    signal.removeEventListener("abort", onAbort);
    if (!isDone && !signal.aborted) log.warn(`${what} takes too long, going on without it`, { limitMs });
  }
}
