/**
 * The pod lifecycle event generator: learns that containers started, died or went, and keeps the cache of what the
 * runtime says of each pod. Driven by the runtime's event stream; a slow relist is the safety net, a fast one stands in
 * where the runtime has no stream. Every pod is observed on its own: a slow one holds up nobody.
 */

import { POD_NAME_LABEL, POD_NAMESPACE_LABEL, POD_UID_LABEL } from "../../core/cri/labels.ts";
import type { OomKillTimes } from "../../core/oom/oom-exits.ts";
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
  /** Absent: the runtime's reasons are all there is. */
  readonly oomKills?: { readonly times: OomKillTimes };
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
/** A runtime without a stream may be replaced by one that has it. */
const RETRY_UNIMPLEMENTED_MS = 60_000;
/** Who makes a container observes it itself; an id that is still nobody's after this was made by somebody else. */
const MADE_BY_OTHERS_MS = 500;

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
  #relistedAt: number | undefined;
  #relistError: string | undefined;
  #relisting: Promise<void> | undefined;
  /** Ends the pause between two relists. */
  #pause = new AbortController();
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
    signal.addEventListener("abort", () => this.#pause.abort(), { once: true });
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

  /** As the newest known status, but with every exit as the runtime itself tells it; waits for that, 2 s at most. */
  confirmed(uid: string): Promise<RuntimePodStatus | undefined> {
    return this.#cache.confirmed(uid);
  }

  /** As `confirmed`, and with the lack of memory as the reason where that killed a container; waits 0.5 s more at most. */
  explained(uid: string): Promise<RuntimePodStatus | undefined> {
    return this.#cache.explained(uid);
  }

  /** Kills in the pod were noted in `oomKills`: tells the change, if there is one. */
  showAgain(uid: string): void {
    this.#cache.showAgain(uid);
  }

  /** The newest known status, without asking. */
  peek(uid: string): RuntimePodStatus | undefined {
    return this.#cache.peek(uid);
  }

  /** Whether the runtime has anything of a pod, as far as was seen: also one that was listed and could not be observed. */
  isKnown(uid: string): boolean {
    return this.#cache.isKnown(uid);
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
      this.#pause = new AbortController();
      await this.relist().catch((error: unknown) => log.debug("relist failed", { error: errorMessage(error) }));
      if (signal.aborted) return;
      const slow = this.#streamStands && this.#relistError === undefined;
      await clock.sleep(slow ? this.#options.relistMs : this.#options.relistWithoutStreamMs, this.#pause.signal);
    }
  }

  /** What happened before the stream stood is in a list that begins now; one that is under way may have missed it. */
  async #relistAnew(): Promise<void> {
    await this.#relisting?.catch(() => {});
    await this.relist();
  }

  async #runStream(signal: AbortSignal): Promise<void> {
    const { clock, log, eventSource } = this.#ports;
    let delayMs = RECONNECT_FIRST_MS;
    while (!signal.aborted) {
      let connectedAt = Number.POSITIVE_INFINITY;
      let exists = true;
      try {
        await eventSource.run(
          () => {
            connectedAt = clock.monotonic();
            this.#onConnected();
          },
          (event) => this.#onRuntimeEvent(event),
          signal,
        );
      } catch (error) {
        exists = !isRuntimeError(error, "Unimplemented");
        log.debug("runtime event stream ended", { error: errorMessage(error) });
      }
      this.#streamStands = false;
      if (signal.aborted) return;
      this.#pause.abort();
      const stoodMs = clock.monotonic() - connectedAt;
      delayMs = stoodMs >= RECONNECT_MAX_MS ? RECONNECT_FIRST_MS : Math.min(delayMs * 2, RECONNECT_MAX_MS);
      await clock.sleep(exists ? delayMs : RETRY_UNIMPLEMENTED_MS, signal);
    }
  }

  #onConnected(): void {
    this.#streamStands = true;
    this.#relistAnew().catch((error: unknown) => {
      this.#ports.log.debug("relist failed", { error: errorMessage(error) });
      this.#pause.abort();
    });
  }

  #onRuntimeEvent(event: RuntimeEvent): void {
    const uid = event.podUid ?? this.#ownerOf(event.containerId);
    if (uid !== undefined) {
      this.#cache.onEvent(uid, event);
      return;
    }
    if (event.kind === "deleted") return;
    this.#findOwner(event).catch((error: unknown) =>
      this.#ports.log.debug("owner of a container not found", { id: event.containerId, error: errorMessage(error) }),
    );
  }

  #ownerOf(id: string): string | undefined {
    return this.#owner.get(id) ?? this.#cache.ownerOf(id);
  }

  /** An id nobody has listed yet: a container that somebody else made, or whose creation we are just waiting for. */
  async #findOwner(event: RuntimeEvent): Promise<void> {
    const { clock, runtime } = this.#ports;
    if (event.kind === "created" || event.kind === "started") {
      await clock.sleep(MADE_BY_OTHERS_MS);
      if (this.#ownerOf(event.containerId) !== undefined) return;
    }
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
