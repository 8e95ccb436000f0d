/** Stops containers and sandboxes of a pod: all containers at once, then its sandboxes. */
import type { Pod } from "../../core/api/types.ts";
import { gracePeriodSeconds, type KillReason, killGrace, stopSeconds } from "../../core/pod/grace-period.ts";
import type { RuntimeContainerStatus, RuntimePodStatus } from "../../core/pod/runtime-status.ts";
import { errorMessage, isRuntimeError } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { RuntimeService } from "../../ports/runtime.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import { containerField, containerOf } from "./container-field.ts";

export interface PodKillerPorts {
  readonly log: Log;
  readonly runtime: RuntimeService;
  readonly events: EventRecorder;
}

export interface KillRequest {
  readonly containerId: string;
  readonly containerName: string;
  /** Why, for the grace period; "" when nothing special. */
  readonly reason: KillReason;
  /** Text of the Killing event; "" for the usual one. */
  readonly message: string;
}

export class PodKiller {
  readonly #ports: PodKillerPorts;

  constructor(ports: PodKillerPorts) {
    this.#ports = ports;
  }

  /**
   * Stops one container; resolves when it is stopped or gone, rejects with RuntimeError. `pod` undefined: the pod is
   * known from the runtime alone, and `graceSeconds` decides.
   */
  async killContainer(
    pod: Pod | undefined,
    request: KillRequest,
    graceSeconds: number | undefined,
    signal?: AbortSignal,
  ): Promise<void> {
    const { runtime, events, log } = this.#ports;
    const container = pod && containerOf(pod, request.containerName);
    const own = pod && container ? gracePeriodSeconds(pod, container, request.reason) : DEFAULT_GRACE_SECONDS;
    const { totalSeconds } = killGrace({
      graceSeconds: own,
      ...(graceSeconds !== undefined && { overrideSeconds: graceSeconds }),
      hasPreStopHook: false,
    });
    const grace = graceSeconds === 0 ? 0 : stopSeconds(totalSeconds, 0);
    if (pod !== undefined) {
      const message = request.message === "" ? `Stopping container ${request.containerName}` : request.message;
      events.pod(pod, "Normal", "Killing", message, containerField(pod, request.containerName));
    }
    log.debug("stopping container", { id: request.containerId, name: request.containerName, graceSeconds: grace });
    await runtime.stopContainer(request.containerId, grace, signal === undefined ? {} : { signal });
  }

  /**
   * Stops everything that runs of a pod, then its sandboxes. Rejects with the first failure after having tried all: what
   * the runtime cannot stop alone may go with its sandbox. A runtime that went away has given nobody its grace yet, so
   * then the sandboxes stay.
   */
  async killPod(
    pod: Pod | undefined,
    status: RuntimePodStatus,
    graceSeconds: number | undefined,
    signal?: AbortSignal,
  ): Promise<void> {
    const running = status.containerStatuses.filter(mayRun);
    const stopped = await settleInTurns(running, STOPS_AT_A_TIME, ({ id, name }) => {
      const request = { containerId: id, containerName: name, reason: "", message: "" } as const;
      return this.killContainer(pod, request, graceSeconds, signal);
    });
    signal?.throwIfAborted();
    if (stopped.some(wentAway)) throwFirst(stopped);
    const sandboxes = status.sandboxStatuses.map((sandbox) => this.#ports.runtime.stopPodSandbox(sandbox.id));
    throwFirst([...stopped, ...(await Promise.allSettled(sandboxes))]);
  }

  /** Removes all sandboxes and with them their containers. Failures are logged; garbage collection tries again. */
  async removePod(status: RuntimePodStatus): Promise<void> {
    const { runtime, log } = this.#ports;
    for (const container of status.containerStatuses) {
      await runtime
        .removeContainer(container.id)
        .catch((error: unknown) => log.warn("container not removed", { id: container.id, error: errorMessage(error) }));
    }
    for (const sandbox of status.sandboxStatuses) {
      await runtime
        .removePodSandbox(sandbox.id)
        .catch((error: unknown) => log.warn("sandbox not removed", { id: sandbox.id, error: errorMessage(error) }));
    }
  }
}

/**
 * Differs: the kubelet stops all containers of a pod at once, however many. All of them have one shim, and that of
 * containerd 1.6 and 1.7 locks up for good when more processes end at a time than its queue of exits holds (32).
 */
const STOPS_AT_A_TIME = 32;

/** For pods whose spec is not known any more. */
const DEFAULT_GRACE_SECONDS = 30;

/** Created counts: its start may be under way. */
function mayRun(container: RuntimeContainerStatus): boolean {
  return container.state !== "CONTAINER_EXITED";
}

/** As Promise.allSettled, but with at most `limit` under way. */
async function settleInTurns<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<readonly PromiseSettledResult<void>[]> {
  const results: PromiseSettledResult<void>[] = [];
  const waiting = items.values();
  const worker = async () => {
    for (const item of waiting) results.push(...(await Promise.allSettled([work(item)])));
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}

function wentAway(result: PromiseSettledResult<void>): boolean {
  return result.status === "rejected" && isRuntimeError(result.reason, "Unavailable", "Cancelled");
}

function throwFirst(results: readonly PromiseSettledResult<void>[]): void {
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
