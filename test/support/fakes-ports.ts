/** The agent's other ports in memory. */

import type { CgroupName } from "../../src/core/cgroup/types.ts";
import type { NetworkProbe, ProbeOutcome } from "../../src/core/probe/index.ts";
import type { FoundVolume } from "../../src/core/volume/events.ts";
import type { VolumePlace } from "../../src/core/volume/state.ts";
import type { Cgroups } from "../../src/ports/cgroups.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { HostError } from "../../src/ports/errors.ts";
import type { KernelLog, KernelLogRecord } from "../../src/ports/kernel-log.ts";
import type { Log } from "../../src/ports/log.ts";
import type { LogFile, LogFiles } from "../../src/ports/log-files.ts";
import type { OomCounters } from "../../src/ports/oom-counters.ts";
import type { PodFiles } from "../../src/ports/pod-files.ts";
import type { Prober } from "../../src/ports/prober.ts";
import type { RecordStore } from "../../src/ports/record-store.ts";
import type { ServiceAccountToken, TokenRequest, TokenSource } from "../../src/ports/token-source.ts";
import type {
  EmptyDirOptions,
  GroupOwnership,
  PayloadFile,
  PayloadVolume,
  SubPathHolder,
} from "../../src/ports/volume-files.ts";

/** Keeps its lines: "warn: message". */
export class FakeLog implements Log {
  readonly lines: string[] = [];
  debug = (): void => {};
  info = (message: string): void => void this.lines.push(`info: ${message}`);
  warn = (message: string): void => void this.lines.push(`warn: ${message}`);
  error = (message: string): void => void this.lines.push(`error: ${message}`);
  with = (): Log => this;
}

/** Survives the agent that writes it: give it to the next one. */
export class FakeStore implements RecordStore {
  readonly rows = new Map<string, string>();
  writes = 0;
  full = false;

  get(table: string, key: string): unknown {
    const text = this.rows.get(`${table}\n${key}`);
    return text === undefined ? undefined : JSON.parse(text);
  }

  put(table: string, key: string, value: unknown): void {
    this.#write();
    this.rows.set(`${table}\n${key}`, JSON.stringify(value));
  }

  delete(table: string, key: string): void {
    this.#write();
    this.rows.delete(`${table}\n${key}`);
  }

  list(table: string): readonly { readonly key: string; readonly value: unknown }[] {
    return [...this.rows]
      .filter(([id]) => id.startsWith(`${table}\n`))
      .map(([id, text]) => ({ key: id.slice(table.length + 1), value: JSON.parse(text) as unknown }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** As for who writes to it directly: what failed is not tried again. */
  isDeletePending(): boolean {
    return false;
  }

  #write(): void {
    if (this.full) throw new HostError("NoSpace", "state.db", "database or disk is full");
    this.writes += 1;
  }
}

/** The kernel's log and its counters, as a test writes them. */
export class FakeKernelLog implements KernelLog, OomCounters {
  isReadable = true;
  /** By the last segment of the pod's cgroup. */
  readonly counters = new Map<string, ReadonlyMap<string, number>>();
  #onRecord: ((record: KernelLogRecord) => void) | undefined;
  #end = () => {};

  follow(onRecord: (record: KernelLogRecord) => void, signal: AbortSignal): Promise<boolean> {
    if (!this.isReadable || signal.aborted) return Promise.resolve(signal.aborted);
    return new Promise((resolve) => {
      this.#onRecord = onRecord;
      this.#end = () => resolve(signal.aborted);
      signal.addEventListener("abort", () => resolve(true), { once: true });
    });
  }

  write(atMs: number, ...texts: readonly string[]): void {
    for (const text of texts) this.#onRecord?.({ sequence: 0, level: 3, atMs, text });
  }

  /** The log cannot be read any more. */
  break(): void {
    this.isReadable = false;
    this.#end();
  }

  async read(pod: CgroupName): Promise<ReadonlyMap<string, number>> {
    return this.counters.get(pod.at(-1) ?? "") ?? new Map();
  }
}

export class FakeCgroups implements Cgroups {
  readonly names = new Set<string>();
  readonly busy = new Set<string>();
  readonly controllers = new Set(["cpu", "memory", "pids"]);
  readonly version = 2;
  readonly removed: string[] = [];
  readonly pids = new Map<string, readonly number[]>();

  async ensure(name: CgroupName): Promise<void> {
    this.names.add(name.join("/"));
  }

  async update(name: CgroupName): Promise<boolean> {
    return this.names.has(name.join("/"));
  }

  async updateAt(path: string): Promise<boolean> {
    return this.names.has(path.slice(1));
  }

  async reclaimMemory(name: CgroupName): Promise<boolean> {
    return this.exists(name);
  }

  async exists(name: CgroupName): Promise<boolean> {
    return this.names.has(name.join("/"));
  }

  async children(name: CgroupName): Promise<readonly string[]> {
    const prefix = name.join("/");
    return [...this.names]
      .filter((each) => each.slice(0, each.lastIndexOf("/")) === prefix)
      .map((each) => each.slice(prefix.length + 1));
  }

  async processes(name: CgroupName): Promise<readonly number[]> {
    return this.pids.get(name.join("/")) ?? [];
  }

  async remove(name: CgroupName): Promise<boolean> {
    if (this.busy.has(name.join("/"))) return false;
    this.removed.push(name.join("/"));
    return this.names.delete(name.join("/")) || true;
  }

  runtimePath(name: CgroupName): string {
    return `/${name.join("/")}`;
  }
}

/** Directories and what is in them, as far as the agent can tell. */
export class FakeFiles implements PodFiles {
  readonly pods = new Set<string>();
  readonly mounted = new Set<string>();
  /** Files of the machine by path. */
  readonly hostFiles = new Map<string, string>();
  /** What `readTail` finds; an Error is thrown. */
  readonly tails = new Map<string, string | Error>();
  readonly payloads = new Map<string, readonly PayloadFile[]>();
  readonly holders: (SubPathHolder | undefined)[] = [];
  problem: HostError | undefined;

  async listPods(): Promise<readonly string[]> {
    return [...this.pods];
  }

  async preparePod(uid: string): Promise<void> {
    if (this.problem !== undefined) throw this.problem;
    this.pods.add(uid);
  }

  async removePod(uid: string): Promise<boolean> {
    if (this.mounted.has(uid)) return false;
    this.pods.delete(uid);
    return true;
  }

  /** What an agent before this one has left, by pod UID. */
  readonly found = new Map<string, readonly FoundVolume[]>();
  readonly removed: string[] = [];
  readonly groups: string[] = [];

  async listVolumes(uid: string): Promise<readonly FoundVolume[]> {
    return this.found.get(uid) ?? [];
  }

  async removeVolume(uid: string, name: string, place?: VolumePlace): Promise<boolean> {
    if (this.mounted.has(uid)) return false;
    this.removed.push(`${uid}/${place === undefined ? name : `${place.kind}/${place.name}`}`);
    return true;
  }

  async setGroup(path: string, { groupId, policy }: GroupOwnership): Promise<void> {
    this.groups.push(`${path} ${groupId} ${policy}`);
  }

  async emptyDir(uid: string, volume: string, { groupId }: EmptyDirOptions): Promise<string> {
    if (groupId !== undefined) this.groups.push(`${volume} ${groupId}`);
    return `/pods/${uid}/${volume}`;
  }

  async writePayload(uid: string, volume: PayloadVolume, files: readonly PayloadFile[]): Promise<string> {
    this.payloads.set(`${uid}/${volume.name}`, files);
    if (volume.groupId !== undefined) this.groups.push(`${volume.name} ${volume.groupId}`);
    return `/pods/${uid}/${volume.name}`;
  }

  async hostPath(path: string, type: string): Promise<string> {
    if (type === "Directory")
      throw new HostError("NotFound", path, `hostPath type check failed: ${path} is not a directory`);
    return path;
  }

  async subPath(volumePath: string, subPath: string, holder?: SubPathHolder): Promise<string> {
    this.holders.push(holder);
    return `${volumePath}/${subPath}`;
  }

  async writeHostsFile(uid: string): Promise<string> {
    return `/pods/${uid}/etc-hosts`;
  }

  async hostFile(path: string): Promise<string | undefined> {
    return this.hostFiles.get(path);
  }

  async createTerminationLog(uid: string, container: string, attempt: number): Promise<string> {
    return `/pods/${uid}/containers/${container}/${attempt}`;
  }

  async readTail(path: string): Promise<string> {
    const tail = this.tails.get(path) ?? "";
    if (tail instanceof Error) throw tail;
    return tail;
  }
}

export class FakeLogFiles implements LogFiles {
  readonly directories = new Set<string>();
  readonly links = new Map<string, string>();
  readonly files = new Map<string, number>();
  readonly actions: string[] = [];
  names: readonly string[] = [];

  async listPodDirectories(): Promise<readonly string[]> {
    return [...this.directories];
  }

  async removePodDirectory(name: string): Promise<void> {
    this.actions.push(`removePodDirectory ${name}`);
    this.directories.delete(name);
  }

  async listRotated(path: string): Promise<readonly LogFile[]> {
    const found = [...this.files].filter(([name]) => name.startsWith(path));
    return found.map(([name, sizeBytes]) => ({ path: name, sizeBytes, modifiedAtMs: 0 }));
  }

  async listNames(): Promise<readonly string[]> {
    return this.names;
  }

  async size(path: string): Promise<number | undefined> {
    return this.files.get(path);
  }

  async rename(from: string, to: string): Promise<void> {
    this.actions.push("rename");
    this.files.set(to, this.files.get(from) ?? 0);
    this.files.delete(from);
  }

  async remove(path: string): Promise<void> {
    this.files.delete(path);
  }

  async compress(from: string, to: string): Promise<void> {
    this.files.set(to, this.files.get(from) ?? 0);
    this.files.delete(from);
  }

  async link(link: string, target: string): Promise<void> {
    this.links.set(link, target);
  }

  async removeDanglingLinks(): Promise<void> {
    this.actions.push("removeDanglingLinks");
  }

  async removeContainerLogs(path: string): Promise<void> {
    this.actions.push(`removeContainerLogs ${path}`);
  }
}

/** Answers every look with what a test says, at first with success. */
export class FakeProber implements Prober {
  readonly looks: NetworkProbe[] = [];
  answer: (probe: NetworkProbe) => ProbeOutcome | Promise<ProbeOutcome> = () => ({ result: "Success", output: "" });

  async probe(probe: NetworkProbe): Promise<ProbeOutcome> {
    this.looks.push(probe);
    return this.answer(probe);
  }
}

/** Numbers its tokens; `problem`: refuses them. */
export class FakeTokens implements TokenSource {
  readonly requests: TokenRequest[] = [];
  problem: string | undefined;
  readonly #clock: Pick<Clock, "now">;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  async request(request: TokenRequest): Promise<ServiceAccountToken> {
    this.requests.push(request);
    if (this.problem !== undefined) throw new Error(this.problem);
    const issuedAtMs = this.#clock.now();
    const token = `token ${this.requests.length}`;
    return { token, issuedAtMs, expiresAtMs: issuedAtMs + request.expirationSeconds * 1_000 };
  }
}
