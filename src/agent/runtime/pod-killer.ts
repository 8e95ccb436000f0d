/**
 * Stops containers and sandboxes of a pod: all containers at once, sidecars after the others, then its sandboxes. What
 * a container's preStop hook takes comes off its grace period.
 * Source: kubelet kuberuntime_container.go killContainer, killContainersWithSyncResult.
 */
import type { Container, Pod } from "../../core/api/types.ts";
import { gracePeriodSeconds, type KillReason, killGrace, stopSeconds } from "../../core/pod/grace-period.ts";
import { restoredPod } from "../../core/pod/restored-pod.ts";
import type { RuntimeContainerStatus, RuntimePodStatus } from "../../core/pod/runtime-status.ts";
import { terminationOrder } from "../../core/pod/termination-order.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage, isRuntimeError } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { RuntimeService } from "../../ports/runtime.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import type { HookRunner } from "../lifecycle/hook-runner.ts";
import { containerField, containerOf } from "./container-field.ts";

export interface PodKillerPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: RuntimeService;
  readonly events: EventRecorder;
  readonly hooks: Pick<HookRunner, "run">;
}

export interface KillRequest {
  readonly containerId: string;
  readonly containerName: string;
  /** Why, for the grace period; "" when nothing special. */
  readonly reason: KillReason;
  /** Text of the Killing event; "" for the usual one. */
  readonly message: string;
  /** Of the pod. */
  readonly podIps: readonly string[];
}

/** A kill that waits for others: resolves when it is this container's turn. */
type Turn = () => Promise<unknown>;

export class PodKiller {
  readonly #ports: PodKillerPorts;
  /** PreStop hooks that were begun, by container ID: a kill that is tried again waits for the hook of the first. */
  readonly #hooks = new Map<string, Promise<void>>();

  readonly #hooksUnderWay = new Set<AbortController>();

  constructor(ports: PodKillerPorts) {
    this.#ports = ports;
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.#halt(), { once: true });
  }

  /** Nothing is waited for: what runs in containers goes on without the agent. */
  async stop(): Promise<void> {
    this.#halt();
  }

  #halt(): void {
    for (const hook of this.#hooksUnderWay) hook.abort();
  }

  /**
   * Stops one container; resolves when it is stopped or gone, rejects with RuntimeError. One that the pod does not name
   * gets the usual grace.
   */
  async killContainer(
    pod: Pod,
    request: KillRequest,
    graceSeconds: number | undefined,
    signal?: AbortSignal,
    turn?: Turn,
  ): Promise<void> {
    const { clock, runtime, events, log } = this.#ports;
    const { containerId, containerName } = request;
    const container = containerOf(pod, containerName);
    const own = container ? gracePeriodSeconds(pod, container, request.reason) : DEFAULT_GRACE_SECONDS;
    const { totalSeconds, preStopSeconds } = killGrace({
      graceSeconds: own,
      ...(graceSeconds !== undefined && { overrideSeconds: graceSeconds }),
      hasPreStopHook: container?.lifecycle?.preStop !== undefined,
    });
    const message = request.message === "" ? `Stopping container ${containerName}` : request.message;
    events.pod(pod, "Normal", "Killing", message, containerField(pod, containerName));
    const from = clock.monotonic();
    const spentSeconds = () => Math.floor((clock.monotonic() - from) / 1000);
    if (container !== undefined && preStopSeconds !== undefined) {
      await this.#within(preStopSeconds, this.#preStop(pod, container, request, preStopSeconds), signal);
    }
    if (turn !== undefined && totalSeconds > 0) await this.#within(totalSeconds - spentSeconds(), turn(), signal);
    signal?.throwIfAborted();
    const grace = graceSeconds === 0 ? 0 : stopSeconds(totalSeconds, spentSeconds());
    log.debug("stopping container", { id: containerId, name: containerName, graceSeconds: grace });
    await runtime.stopContainer(containerId, grace, signal === undefined ? {} : { signal });
    this.#hooks.delete(containerId);
  }

  /**
   * Stops everything that runs of a pod, then its sandboxes. Rejects with the first failure after having tried all: what
   * the runtime cannot stop alone may go with its sandbox. A runtime that went away has given nobody its grace yet, so
   * then the sandboxes stay. `wanted` undefined: the pod is known from the runtime alone.
   */
  async killPod(
    wanted: Pod | undefined,
    status: RuntimePodStatus,
    graceSeconds: number | undefined,
    signal?: AbortSignal,
  ): Promise<void> {
    const pod = wanted ?? restoredPod(status);
    const running = status.containerStatuses.filter(mayRun);
    const order = terminationOrder(pod.spec, new Set(running.map(({ name }) => name)));
    const ends = new Map(running.map(({ name }) => [name, Promise.withResolvers<void>()]));
    // Whoever waits for others comes to his turn after them.
    const waiting = [...order.keys()];
    const sorted = running.toSorted((a, b) => waiting.indexOf(a.name) - waiting.indexOf(b.name));
    const stopped = await settleInTurns(sorted, STOPS_AT_A_TIME, ({ id, name }) => {
      const request = { containerId: id, containerName: name, reason: "", message: "", podIps: status.ips } as const;
      const others = order.get(name);
      const turn = others && (() => Promise.all(others.map((other) => ends.get(other)?.promise)));
      return this.killContainer(pod, request, graceSeconds, signal, turn).finally(() => ends.get(name)?.resolve());
    });
    signal?.throwIfAborted();
    if (stopped.some(wentAway)) throwFirst(stopped);
    const sandboxes = status.sandboxStatuses.map((sandbox) => this.#ports.runtime.stopPodSandbox(sandbox.id));
    throwFirst([...stopped, ...(await Promise.allSettled(sandboxes))]);
  }

  /** Resolves when the hook has ended, however it did. */
  #preStop(pod: Pod, container: Container, request: KillRequest, seconds: number): Promise<void> {
    const { containerId } = request;
    const begun = this.#hooks.get(containerId) ?? this.#runPreStop(pod, container, request, seconds);
    this.#hooks.set(containerId, begun);
    const [oldest] = this.#hooks.keys();
    if (this.#hooks.size > MAX_HOOKS && oldest !== undefined) this.#hooks.delete(oldest);
    return begun;
  }

  async #runPreStop(pod: Pod, container: Container, request: KillRequest, seconds: number): Promise<void> {
    const { clock, events, hooks, log } = this.#ports;
    const { containerId, podIps } = request;
    const preStop = container.lifecycle?.preStop;
    if (preStop === undefined) return;
    const over = new AbortController();
    const cancel = clock.after(seconds * 1000, () => over.abort());
    this.#hooksUnderWay.add(over);
    try {
      const failure = await hooks.run(preStop, { pod, container, containerId, podIps }, over.signal);
      if (failure === undefined) return;
      log.debug("preStop hook failed", { id: containerId, name: container.name, error: failure });
      // What it printed may be secret: so the event does not tell it.
      events.pod(pod, "Warning", "FailedPreStopHook", "PreStopHook failed", containerField(pod, container.name));
    } catch (error) {
      log.debug("preStop hook not completed in the grace period", { id: containerId, error: errorMessage(error) });
    } finally {
      this.#hooksUnderWay.delete(over);
      cancel();
    }
  }

  /** Waits for `what`, but not longer than this, and not when `signal` is aborted. */
  async #within(seconds: number, what: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
    const stopped = new AbortController();
    const stop = () => stopped.abort();
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted === true) stop();
    await Promise.race([what, this.#ports.clock.sleep(Math.max(0, seconds) * 1000, stopped.signal)]);
    signal?.removeEventListener("abort", stop);
    stop();
    signal?.throwIfAborted();
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

/** Far more than end at one time. */
const MAX_HOOKS = 4_096;

/** For containers whose pod does not say. */
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
