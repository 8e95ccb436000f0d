/**
 * What the runtime says of each pod, with the moment it was asked. At most one observation per pod is under way; a
 * caller who needs a newer one than that waits for the next. Observations of different pods never wait for each other.
 */

import {
  MAX_TERMINATION_MESSAGE_BYTES,
  terminationMessageSource,
  withTerminationMessage,
} from "../../core/containers/termination-message.ts";
import { toRuntimeContainerStatus } from "../../core/cri/container-status.ts";
import { POD_UID_LABEL } from "../../core/cri/labels.ts";
import type { CriContainerStatus } from "../../core/cri/types.ts";
import { lastLogLines } from "../../core/logs/last-lines.ts";
import { type OomKillTimes, withOomKills } from "../../core/oom/oom-exits.ts";
import { type EarlyExits, pendingExits, withEarlyExits } from "../../core/pleg/early-exits.ts";
import {
  assemblePodStatus,
  type PodRows,
  planObservation,
  rowStates,
  statusStates,
} from "../../core/pleg/pod-observation.ts";
import type { RuntimeContainerStatus, RuntimePodStatus } from "../../core/pod/runtime-status.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { PodFiles } from "../../ports/pod-files.ts";
import type { RuntimeEvent, RuntimeService } from "../../ports/runtime.ts";

export interface PodCachePorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: RuntimeService;
  readonly files: Pick<PodFiles, "readTail">;
  /** Absent: the runtime's reasons are all there is. */
  readonly oomKills?: { readonly times: OomKillTimes };
}

type Publish = (uid: string, before: RuntimePodStatus | undefined, after: RuntimePodStatus | undefined) => void;

interface Entry {
  /** What the runtime said last. */
  observed: RuntimePodStatus | undefined;
  /** The same with the exits that its events told already: what everybody else sees. */
  status: RuntimePodStatus | undefined;
  exits: EarlyExits;
  /** A list had containers or sandboxes of the pod, and nothing has told since that they are gone. */
  isListed: boolean;
  /** Monotonic time at which the observation began; -Infinity: never observed. */
  observedAt: number;
  running: { readonly startedAt: number; readonly result: Promise<RuntimePodStatus | undefined> } | undefined;
  /** Containers whose status may have changed although their state did not. */
  readonly doubted: Set<string>;
  /** Monotonic time at which the end by SIGKILL of a container was seen; whether memory ran out may be told later. */
  readonly killedAt: Map<string, number>;
}

const NO_EXITS: EarlyExits = new Map();
/** The runtime's status can lag behind its event: how long to ask again, in steps that double from 1 ms. */
const LAG_LIMIT_MS = 2_000;
/** Who starts a container observes it itself; only starts that nobody has seen after this are looked at. */
const STARTED_BY_OTHERS_MS = 500;
/** SIGKILL: of whoever stops the container, or of the kernel that ran out of memory. */
const KILLED_EXIT_CODE = 137;
/** The runtime hears of the end and of the lack of memory by two ways; this is how far apart they may be. */
const OOM_LAG_MS = 500;
const OOM_REASON = "OOMKilled";
/** Ends that are older than this were told completely when they were first seen. */
const RECENT_END_MS = 10_000;
/** Enough of a log's end for the message limit with a CRI header on each line. */
const FALLBACK_LOG_READ_BYTES = 16_384;

export class PodCache {
  readonly #ports: PodCachePorts;
  readonly #publish: Publish;
  readonly #entries = new Map<string, Entry>();
  /** Monotonic beginning of the last full list: a pod without an entry was not there then. -Infinity: none yet. */
  #listedAt = -Infinity;

  constructor(ports: PodCachePorts, publish: Publish) {
    this.#ports = ports;
    this.#publish = publish;
  }

  peek(uid: string): RuntimePodStatus | undefined {
    return this.#entries.get(uid)?.status;
  }

  isKnown(uid: string): boolean {
    const entry = this.#entries.get(uid);
    return entry !== undefined && (entry.status !== undefined || entry.isListed);
  }

  uids(): readonly string[] {
    return [...this.#entries].flatMap(([uid, entry]) => (entry.status === undefined ? [] : [uid]));
  }

  ownerOf(id: string): string | undefined {
    for (const [uid, entry] of this.#entries) if (statusStates(entry.status).has(id)) return uid;
    return undefined;
  }

  async observe(uid: string, notBefore: number): Promise<RuntimePodStatus | undefined> {
    const entry = this.#entry(uid);
    // Of two things at the same moment nobody knows which came first. Never observed is not observed to be absent.
    if (entry.observedAt > notBefore) return entry.status;
    const running = entry.running;
    if (running !== undefined) {
      if (running.startedAt > notBefore) return running.result;
      await running.result.catch(() => undefined);
      return this.observe(uid, notBefore);
    }
    return this.#begin(uid, entry, () => this.#listRows(uid));
  }

  /**
   * The rows of a list that was asked for at `startedAt`: pods whose states differ from the cache are observed, pods that
   * are gone are forgotten.
   */
  takeRelist(groups: ReadonlyMap<string, PodRows>, startedAt: number): void {
    for (const [uid, rows] of groups) {
      const entry = this.#entry(uid);
      if (entry.observedAt > startedAt) continue;
      entry.isListed = true;
      if (entry.running !== undefined) continue;
      if (sameStates(rowStates(rows), statusStates(entry.observed))) {
        entry.observedAt = startedAt;
        continue;
      }
      this.#begin(uid, entry, async () => rows, startedAt).catch((error: unknown) => this.#logFailure(uid, error));
    }
    for (const [uid, entry] of this.#entries) {
      if (groups.has(uid) || entry.running !== undefined || entry.observedAt > startedAt) continue;
      this.#finish(uid, entry, undefined, startedAt);
    }
    this.#listedAt = Math.max(this.#listedAt, startedAt);
  }

  /** Something happened to a container of the pod: observes until the status shows it. */
  onEvent(uid: string, event: RuntimeEvent): void {
    if (event.kind === "exited") {
      this.#takeExit(uid, event);
      return;
    }
    this.#follow(uid, event).catch((error: unknown) => this.#logFailure(uid, error));
  }

  /** Kills were noted: the status may have other reasons now. */
  showAgain(uid: string): void {
    const entry = this.#entries.get(uid);
    if (entry !== undefined) this.#show(uid, entry);
  }

  /** The status once the runtime itself tells of every exit that its events told (2 s at most): with the true reasons. */
  async confirmed(uid: string): Promise<RuntimePodStatus | undefined> {
    const { clock } = this.#ports;
    const started = clock.monotonic();
    let pauseMs = 5;
    while ((this.#entries.get(uid)?.exits.size ?? 0) > 0 && clock.monotonic() - started < LAG_LIMIT_MS) {
      await clock.sleep(pauseMs);
      await this.observe(uid, clock.monotonic());
      pauseMs *= 2;
    }
    return this.peek(uid);
  }

  /** As `confirmed`, and of a container that was killed just now the runtime has had time to say that memory ran out. */
  async explained(uid: string): Promise<RuntimePodStatus | undefined> {
    const { clock } = this.#ports;
    let pauseMs = 5;
    for (let status = await this.confirmed(uid); ; status = this.peek(uid)) {
      const unclear = this.#unclearKills(uid, status);
      if (unclear.length === 0) return status;
      await clock.sleep(pauseMs);
      for (const id of unclear) this.#entries.get(uid)?.doubted.add(id);
      await this.observe(uid, clock.monotonic());
      pauseMs *= 2;
    }
  }

  #unclearKills(uid: string, status: RuntimePodStatus | undefined): readonly string[] {
    const now = this.#ports.clock.monotonic();
    const kills = this.#entries.get(uid)?.killedAt;
    return (status?.containerStatuses ?? []).flatMap(({ id, reason }) => {
      const killedAt = kills?.get(id);
      const unclear = killedAt !== undefined && now - killedAt < OOM_LAG_MS && reason !== OOM_REASON;
      return unclear ? [id] : [];
    });
  }

  #takeExit(uid: string, { containerId, exit }: RuntimeEvent): void {
    const entry = this.#entries.get(uid);
    if (entry === undefined || exit === undefined) return;
    const told = { code: exit.code, finishedAtMs: exit.atMs, toldAtMs: this.#ports.clock.monotonic() };
    entry.exits = new Map([...entry.exits, [containerId, told]]);
    this.#show(uid, entry);
  }

  async #follow(uid: string, event: RuntimeEvent): Promise<void> {
    const { clock } = this.#ports;
    if (event.kind === "oom") this.#entry(uid).doubted.add(event.containerId);
    if (event.kind === "created" || event.kind === "started") {
      await clock.sleep(STARTED_BY_OTHERS_MS);
      if (statusStates(this.peek(uid)).has(event.containerId)) return;
    }
    const started = clock.monotonic();
    let pauseMs = 1;
    for (;;) {
      const status = await this.observe(uid, clock.monotonic());
      if (shows(status, event) || clock.monotonic() - started > LAG_LIMIT_MS) return;
      await clock.sleep(pauseMs);
      pauseMs *= 2;
    }
  }

  #entry(uid: string): Entry {
    const entry = this.#entries.get(uid) ?? {
      observed: undefined,
      status: undefined,
      exits: NO_EXITS,
      isListed: false,
      observedAt: this.#listedAt,
      running: undefined,
      doubted: new Set<string>(),
      killedAt: new Map<string, number>(),
    };
    this.#entries.set(uid, entry);
    return entry;
  }

  /** `startedAt`: when the rows were asked for; what happened after that may be missing. */
  #begin(
    uid: string,
    entry: Entry,
    rows: () => Promise<PodRows>,
    startedAt = this.#ports.clock.monotonic(),
  ): Promise<RuntimePodStatus | undefined> {
    const doubted = [...entry.doubted];
    const result = this.#ask(rows, withoutContainers(entry.observed, doubted)).then(
      (status) => {
        entry.running = undefined;
        for (const id of doubted) entry.doubted.delete(id);
        this.#finish(uid, entry, status, startedAt);
        return entry.status;
      },
      (error: unknown) => {
        entry.running = undefined;
        throw error;
      },
    );
    entry.running = { startedAt, result };
    return result;
  }

  #finish(uid: string, entry: Entry, status: RuntimePodStatus | undefined, observedAt: number): void {
    const killed = this.#freshlyKilled(entry.observed, status);
    entry.observed = status;
    entry.observedAt = observedAt;
    entry.exits = pendingExits(status, entry.exits, this.#ports.clock.monotonic());
    if (status === undefined) this.#entries.delete(uid);
    this.#show(uid, entry);
    for (const id of killed) {
      entry.killedAt.set(id, this.#ports.clock.monotonic());
      this.#askAgainLater(uid, id);
    }
  }

  #freshlyKilled(before: RuntimePodStatus | undefined, after: RuntimePodStatus | undefined): readonly string[] {
    const known = statusStates(before);
    const now = this.#ports.clock.now();
    return (after?.containerStatuses ?? []).flatMap(({ id, state, exitCode, reason, finishedAtMs }) => {
      const killed = state === "CONTAINER_EXITED" && exitCode === KILLED_EXIT_CODE && reason !== OOM_REASON;
      return killed && known.get(id) !== "exited" && now - finishedAtMs < RECENT_END_MS ? [id] : [];
    });
  }

  #askAgainLater(uid: string, containerId: string): void {
    const { clock } = this.#ports;
    clock.after(OOM_LAG_MS, () => {
      const entry = this.#entries.get(uid);
      entry?.killedAt.delete(containerId);
      if (entry?.observed === undefined) return;
      entry.doubted.add(containerId);
      this.observe(uid, clock.monotonic()).catch((error: unknown) => this.#logFailure(uid, error));
    });
  }

  #show(uid: string, entry: Entry): void {
    const before = entry.status;
    const status = withEarlyExits(entry.observed, entry.exits);
    const { oomKills } = this.#ports;
    entry.status = oomKills === undefined ? status : withOomKills(status, oomKills.times);
    if (entry.status !== before) this.#publish(uid, before, entry.status);
  }

  async #listRows(uid: string): Promise<PodRows> {
    const { runtime } = this.#ports;
    const labelSelector = { [POD_UID_LABEL]: uid };
    const [sandboxes, containers] = await Promise.all([
      runtime.listPodSandbox({ labelSelector }),
      runtime.listContainers({ labelSelector }),
    ]);
    return { uid, sandboxes, containers };
  }

  async #ask(list: () => Promise<PodRows>, known: RuntimePodStatus | undefined): Promise<RuntimePodStatus | undefined> {
    const { runtime } = this.#ports;
    const rows = await list();
    const plan = planObservation(rows, known);
    const sandboxOf = new Map(rows.containers.map((row) => [row.id, row.podSandboxId]));
    const [sandboxes, containers] = await Promise.all([
      Promise.all(plan.sandboxIds.map((id) => runtime.podSandboxStatus(id))),
      Promise.all(plan.containerIds.map((id) => this.#containerStatus(id, sandboxOf.get(id) ?? ""))),
    ]);
    return assemblePodStatus(rows, plan, byId(sandboxes), byId(containers));
  }

  async #containerStatus(id: string, sandboxId: string): Promise<RuntimeContainerStatus | undefined> {
    const status = await this.#ports.runtime.containerStatus(id);
    if (status === undefined) return undefined;
    return withTerminationMessage(toRuntimeContainerStatus(status, sandboxId), await this.#lastWords(status));
  }

  async #lastWords(status: CriContainerStatus): Promise<string> {
    const { files } = this.#ports;
    const { path, fallbackToLog } = terminationMessageSource(status);
    try {
      const message = path === undefined ? "" : await files.readTail(path, MAX_TERMINATION_MESSAGE_BYTES);
      if (message !== "" || !fallbackToLog) return message;
    } catch (error) {
      return `Error on reading termination log ${path}: ${errorMessage(error)}`;
    }
    try {
      return lastLogLines(await files.readTail(status.logPath, FALLBACK_LOG_READ_BYTES));
    } catch (error) {
      return `Error on reading termination message from logs: ${errorMessage(error)}`;
    }
  }

  #logFailure(uid: string, error: unknown): void {
    this.#ports.log.debug("pod not observed", { podUid: uid, error: errorMessage(error) });
  }
}

function withoutContainers(status: RuntimePodStatus | undefined, ids: readonly string[]): RuntimePodStatus | undefined {
  if (status === undefined || ids.length === 0) return status;
  return { ...status, containerStatuses: status.containerStatuses.filter(({ id }) => !ids.includes(id)) };
}

function byId<T extends { readonly id: string }>(statuses: readonly (T | undefined)[]): ReadonlyMap<string, T> {
  return new Map(statuses.flatMap((status): [string, T][] => (status === undefined ? [] : [[status.id, status]])));
}

function sameStates(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  return a.size === b.size && [...a].every(([id, state]) => b.get(id) === state);
}

/** Whether the status already knows what the event told. */
function shows(status: RuntimePodStatus | undefined, event: RuntimeEvent): boolean {
  if (event.kind === "created" || event.kind === "exited") return true;
  if (event.kind === "oom") {
    const container = status?.containerStatuses.find(({ id }) => id === event.containerId);
    return container === undefined || container.reason === OOM_REASON;
  }
  const state = statusStates(status).get(event.containerId);
  switch (event.kind) {
    case "started":
      return state !== undefined && state !== "unknown";
    case "stopped":
      return state !== "running" && state !== "unknown";
    case "deleted":
      return state === undefined;
  }
}
