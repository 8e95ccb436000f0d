/**
 * The pod lifecycle event generator: learns that containers started, died or went, and keeps the cache of what the
 * runtime says of each pod. Driven by the runtime's event stream; a slow relist is the safety net, a fast one stands in
 * where the runtime has no stream. Every pod is observed on its own: a slow one holds up nobody.
 */
import { POD_NAME_LABEL, POD_NAMESPACE_LABEL, POD_UID_LABEL } from "../../core/cri/labels.ts";
import { diffPodStates, type PodLifecycleEvent } from "../../core/pleg/diff.ts";
import { correctedExits } from "../../core/pleg/early-exits.ts";
import { groupByPod, type PodRows, rowStates, statusStates } from "../../core/pleg/pod-observation.ts";
import type { RuntimePodStatus } from "../../core/pod/runtime-status.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage, isRuntimeError } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { PodFiles } from "../../ports/pod-files.ts";
import type { RuntimeEvent, RuntimeEventSource, RuntimeService } from "../../ports/runtime.ts";
import { PodCache } from "./pod-cache.ts";

export interface PlegPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: RuntimeService;
  readonly files: Pick<PodFiles, "readTail">;
  readonly eventSource: RuntimeEventSource;
}

export interface PlegOptions {
  /** Between relists while the event stream stands. */
  readonly relistMs: number;
  /** Between relists without a stream (the kubelet's generic PLEG: 1 s). */
  readonly relistWithoutStreamMs: number;
}

export const PLEG_DEFAULTS: PlegOptions = { relistMs: 30_000, relistWithoutStreamMs: 1_000 };

/** Events of one pod after an observation; `status` undefined: the runtime knows nothing of the pod any more. */
export interface PodChange {
  readonly uid: string;
  readonly status: RuntimePodStatus | undefined;
  readonly events: readonly PodLifecycleEvent[];
}

const FIRST_LIST_MS = 2_000;
const RECONNECT_FIRST_MS = 50;
const RECONNECT_MAX_MS = 2_000;

export class Pleg {
  readonly #ports: PlegPorts;
  readonly #options: PlegOptions;
  readonly #cache: PodCache;
  /** Pod UID of each container and sandbox id seen in a list. */
  readonly #owner = new Map<string, string>();
  /** Full name of each pod UID seen in the last relist. */
  readonly #fullNames = new Map<string, string>();
  #listener: (change: PodChange) => void = () => {};
  #streamStands = false;
  #streamExists = true;
  #relistedAt: number | undefined;
  #relistError: string | undefined;
  #relisting: Promise<void> | undefined;
  #done: Promise<unknown> = Promise.resolve();

  constructor(ports: PlegPorts, options: PlegOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#cache = new PodCache(ports, (uid, before, after) => this.#publish(uid, before, after));
  }

  /** `listener` is called for every change of a pod, in order per pod; it must not throw. */
  onChange(listener: (change: PodChange) => void): void {
    this.#listener = listener;
  }

  /** Returns after the first list, so that whoever starts next knows what runs; a hung runtime is not waited for. */
  async start(signal: AbortSignal): Promise<void> {
    const firstList = this.relist().catch(() => {});
    this.#done = Promise.all([this.#runStream(signal), this.#runRelist(signal)]);
    await Promise.race([firstList, this.#ports.clock.sleep(FIRST_LIST_MS, signal)]);
  }

  async stop(): Promise<void> {
    await this.#done;
  }

  /** What the runtime says of a pod, observed at `notBefore` (monotonic ms) or later; rejects with RuntimeError. */
  observe(uid: string, notBefore: number): Promise<RuntimePodStatus | undefined> {
    return this.#cache.observe(uid, notBefore);
  }

  /** The newest known status, without asking. */
  peek(uid: string): RuntimePodStatus | undefined {
    return this.#cache.peek(uid);
  }

  /** UIDs of all pods that the runtime knew at the last relist or observation. */
  knownPods(): readonly string[] {
    return this.#cache.uids();
  }

  /** UIDs of other pods of that name that the last relist saw. */
  namesakes(uid: string, name: string, namespace: string): readonly string[] {
    const wanted = fullName(name, namespace);
    return [...this.#fullNames].flatMap(([other, each]) => (other !== uid && each === wanted ? [other] : []));
  }

  /** When the last relist that succeeded began; absent: none has yet. */
  get relistedAtMonotonic(): number | undefined {
    return this.#relistedAt;
  }

  get health(): { readonly healthy: boolean; readonly message: string } {
    if (this.#relistError !== undefined) return { healthy: false, message: this.#relistError };
    return this.#relistedAt === undefined
      ? { healthy: false, message: "the runtime's containers have not been listed yet" }
      : { healthy: true, message: "" };
  }

  /** Lists everything once; joins a relist that is under way. Rejects with RuntimeError when the lists fail. */
  relist(): Promise<void> {
    this.#relisting ??= this.#relistOnce().finally(() => {
      this.#relisting = undefined;
    });
    return this.#relisting;
  }

  async #relistOnce(): Promise<void> {
    const { clock, runtime } = this.#ports;
    const startedAt = clock.monotonic();
    try {
      const [sandboxes, containers] = await Promise.all([runtime.listPodSandbox(), runtime.listContainers()]);
      const groups = groupByPod(sandboxes, containers);
      this.#owner.clear();
      this.#fullNames.clear();
      for (const rows of groups.values()) this.#remember(rows);
      this.#cache.takeRelist(groups, startedAt);
      this.#relistedAt = startedAt;
      this.#relistError = undefined;
    } catch (error) {
      this.#relistError = errorMessage(error);
      throw error;
    }
  }

  #remember(rows: PodRows): void {
    for (const id of rowStates(rows).keys()) this.#owner.set(id, rows.uid);
    const { [POD_NAME_LABEL]: name = "", [POD_NAMESPACE_LABEL]: namespace = "" } =
      (rows.sandboxes[0] ?? rows.containers[0])?.labels ?? {};
    this.#fullNames.set(rows.uid, fullName(name, namespace));
  }

  async #runRelist(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#ports;
    while (!signal.aborted) {
      await this.relist().catch((error: unknown) => log.debug("relist failed", { error: errorMessage(error) }));
      const slow = this.#streamStands && this.#relistError === undefined;
      await clock.sleep(slow ? this.#options.relistMs : this.#options.relistWithoutStreamMs, signal);
    }
  }

  async #runStream(signal: AbortSignal): Promise<void> {
    const { clock, log, eventSource } = this.#ports;
    let delayMs = RECONNECT_FIRST_MS;
    while (!signal.aborted && this.#streamExists) {
      try {
        await eventSource.run(
          () => {
            delayMs = RECONNECT_FIRST_MS;
            this.#streamStands = true;
            this.relist().catch((error: unknown) => log.debug("relist failed", { error: errorMessage(error) }));
          },
          (event) => this.#onRuntimeEvent(event),
          signal,
        );
      } catch (error) {
        if (isRuntimeError(error, "Unimplemented")) this.#streamExists = false;
        log.debug("runtime event stream ended", { error: errorMessage(error) });
      }
      this.#streamStands = false;
      await clock.sleep(delayMs, signal);
      delayMs = Math.min(delayMs * 2, RECONNECT_MAX_MS);
    }
  }

  #onRuntimeEvent(event: RuntimeEvent): void {
    const uid = event.podUid ?? this.#owner.get(event.containerId) ?? this.#cache.ownerOf(event.containerId);
    if (uid !== undefined) {
      this.#cache.onEvent(uid, event);
      return;
    }
    if (event.kind === "deleted") return;
    this.#findOwner(event).catch((error: unknown) =>
      this.#ports.log.debug("owner of a container not found", { id: event.containerId, error: errorMessage(error) }),
    );
  }

  /** An id nobody has listed yet: a container that somebody else made, or whose creation we are just waiting for. */
  async #findOwner(event: RuntimeEvent): Promise<void> {
    const { runtime } = this.#ports;
    const container = await runtime.containerStatus(event.containerId);
    const labels = container?.labels ?? (await runtime.podSandboxStatus(event.containerId))?.labels;
    const uid = labels?.[POD_UID_LABEL];
    if (uid === undefined) return;
    this.#owner.set(event.containerId, uid);
    this.#cache.onEvent(uid, event);
  }

  #publish(uid: string, before: RuntimePodStatus | undefined, after: RuntimePodStatus | undefined): void {
    for (const id of statusStates(after).keys()) this.#owner.set(id, uid);
    const changed = correctedExits(before, after);
    const events: readonly PodLifecycleEvent[] = [
      ...diffPodStates(uid, statusStates(before), statusStates(after)),
      ...changed.map((id) => ({ type: "ContainerChanged" as const, podUid: uid, id })),
    ];
    if (events.length > 0) this.#listener({ uid, status: after, events });
  }
}

function fullName(name: string, namespace: string): string {
  return `${namespace}/${name}`;
}
