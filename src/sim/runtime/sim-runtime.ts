/**
 * The container runtime of the simulated node, as it really is: sandboxes, containers and their processes. Knows nothing
 * of agents; it goes on by itself when they are gone. Behaves as containerd where the interface leaves room.
 */
import type { ContainerConfig, PodSandboxConfig } from "../../core/cri/types.ts";
import { RuntimeError, type RuntimeErrorCode } from "../../ports/errors.ts";
import type { RuntimeEvent } from "../../ports/runtime.ts";
import { parentPath, type VirtualDisk } from "../disk/virtual-disk.ts";
import { cgroupNameOf, type SimCgroups } from "../node/sim-cgroups.ts";
import type { Random } from "../random.ts";
import type { VirtualTime } from "../time/virtual-time.ts";
import { KILLED_CODE, programOf } from "./program.ts";
import type { ContainerRecord, SandboxRecord } from "./records.ts";
import { cgroupOf, containerName, sandboxName } from "./runtime-names.ts";
import type { SimImages } from "./sim-images.ts";

export interface SimRuntimeParts {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly disk: VirtualDisk;
  readonly cgroups: SimCgroups;
  readonly images: SimImages;
}

/** Why a running container ended, for whoever watches the node. */
export type EndCause = "itself" | "stopped" | "sandboxStopped" | "removed" | "cgroupRemoved" | "fault";

/** Who wants to know what really happens; called at once. */
export interface RuntimeWatcher {
  onSandbox(sandbox: SandboxRecord, what: "created" | "stopped" | "removed"): void;
  onContainer(container: ContainerRecord, what: "created" | "started" | "ended" | "removed", cause?: EndCause): void;
}

export interface RuntimeTimes {
  /** How long a sandbox takes to be made or torn down, an exit to be shown. In milliseconds. */
  readonly sandboxMs: () => number;
  readonly startMs: () => number;
  readonly exitShownMs: () => number;
}

const HANDLERS: ReadonlySet<string> = new Set(["", "runc"]);

export class SimRuntime {
  readonly sandboxes = new Map<string, SandboxRecord>();
  readonly containers = new Map<string, ContainerRecord>();
  readonly #parts: SimRuntimeParts;
  readonly #times: RuntimeTimes;
  /** Names in use, also by what is being made. */
  readonly #names = new Set<string>();
  #watchers: readonly RuntimeWatcher[] = [];
  #listeners: readonly ((event: RuntimeEvent) => void)[] = [];
  #lastAddress = 1;

  constructor(parts: SimRuntimeParts, times: RuntimeTimes) {
    this.#parts = parts;
    this.#times = times;
  }

  watch(watcher: RuntimeWatcher): void {
    this.#watchers = [...this.#watchers, watcher];
  }

  /** Hears events as they happen; returns how to end that. */
  listen(listener: (event: RuntimeEvent) => void): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }

  async runSandbox(config: PodSandboxConfig, handler: string): Promise<string> {
    const call = "RunPodSandbox";
    if (!HANDLERS.has(handler)) throw failure("Unknown", call, `no runtime for "${handler}" is configured`);
    const name = sandboxName(config);
    this.#reserve(name, call, "sandbox");
    await this.#pause(this.#times.sandboxMs());
    const { time, random, cgroups } = this.#parts;
    const id = random.hex(64);
    const cgroup = [...cgroupNameOf(config.linux?.cgroupParent ?? "/"), id];
    const onHost = config.linux?.securityContext?.namespaceOptions?.network === "NODE";
    const sandbox: SandboxRecord = {
      id,
      config,
      createdAtMs: time.wallMs,
      handler,
      ip: onHost ? "" : this.#nextAddress(),
      ready: true,
      cgroup,
      pid: 0,
    };
    sandbox.pid = cgroups.startProcess(cgroup, () => this.#sandboxEnded(sandbox));
    this.sandboxes.set(id, sandbox);
    this.#tellSandbox(sandbox, "created");
    this.#emit("created", id, sandbox);
    this.#emit("started", id, sandbox);
    return id;
  }

  async stopSandbox(id: string): Promise<void> {
    const sandbox = this.sandboxes.get(id);
    if (sandbox === undefined) return;
    for (const container of this.containersOf(id)) this.kill(container, "sandboxStopped");
    await this.#pause(this.#times.sandboxMs());
    for (const container of this.containersOf(id)) {
      this.kill(container, "sandboxStopped");
      if (container.state === "running") throw stillRuns("StopPodSandbox", container.id);
    }
    this.#endSandbox(sandbox);
  }

  async removeSandbox(id: string): Promise<void> {
    const sandbox = this.sandboxes.get(id);
    if (sandbox === undefined) return;
    if (sandbox.ready) await this.stopSandbox(id);
    for (const container of this.containersOf(id)) this.removeContainer(container.id);
    if (!this.sandboxes.delete(id)) return;
    this.#names.delete(sandboxName(sandbox.config));
    this.#parts.cgroups.remove(sandbox.cgroup);
    this.#tellSandbox(sandbox, "removed");
    this.#emit("deleted", id, sandbox);
  }

  /** Its pause process dies. */
  breakSandbox(sandbox: SandboxRecord): void {
    this.#parts.cgroups.endProcess(sandbox.cgroup, sandbox.pid);
    this.#sandboxEnded(sandbox);
  }

  createContainer(sandboxId: string, config: ContainerConfig): string {
    const call = "CreateContainer";
    const sandbox = this.sandboxes.get(sandboxId);
    if (sandbox === undefined) throw failure("NotFound", call, `failed to find sandbox id "${sandboxId}": not found`);
    if (!sandbox.ready) throw failure("Unknown", call, "failed to get sandbox container task: no running task found");
    const image = this.#parts.images.find(config.image.image);
    if (image === undefined) throw failure("NotFound", call, `image "${config.image.image}" not found`);
    this.#reserve(containerName(sandbox, config), call, "container");
    const id = this.#parts.random.hex(64);
    const container: ContainerRecord = {
      id,
      sandbox,
      config,
      imageRef: image.id,
      imageName: image.repoTags[0] ?? config.image.image,
      program: programOf([...(config.command ?? []), ...(config.args ?? [])]),
      createdAtMs: this.#parts.time.wallMs,
      createdAtMonotonicMs: this.#parts.time.monotonicMs,
      state: "created",
      startedAtMs: 0,
      startedAtMonotonicMs: 0,
      finishedAtMs: 0,
      exitCode: 0,
      reason: "",
      message: "",
      exitShownAtMs: 0,
      lost: false,
      wasLost: false,
      deathMs: 0,
      isDying: false,
      logPath: `${sandbox.config.logDirectory ?? ""}/${config.logPath ?? ""}`,
      log: undefined,
      pid: 0,
      layer: { usedBytes: 0, inodesUsed: 0 },
      health: { isLive: true, isReady: true, sinceMs: this.#parts.time.monotonicMs },
      hasFailedProbe: false,
      timers: [],
      onExit: [],
      resources: config.linux?.resources,
    };
    this.containers.set(id, container);
    this.#tellContainer(container, "created");
    this.#emit("created", id, sandbox);
    return id;
  }

  async startContainer(id: string): Promise<void> {
    const call = "StartContainer";
    const container = this.containers.get(id);
    if (container === undefined) throw failure("NotFound", call, `container "${id}" in namespace "k8s.io": not found`);
    if (container.state !== "created") {
      throw failure("Unknown", call, `failed to start container "${id}": container is in ${container.state} state`);
    }
    if (!container.sandbox.ready) throw failure("Unknown", call, `sandbox container "${id}" is not running`);
    container.state = "starting";
    await this.#pause(this.#times.startMs());
    const { sandbox, program } = container;
    if (!this.containers.has(id)) throw failure("NotFound", call, "container was removed");
    if (!sandbox.ready) {
      container.state = "created";
      throw failure("Unknown", call, `sandbox container "${sandbox.id}" is not running`);
    }
    if (program === undefined) {
      container.state = "running";
      const message = `failed to create containerd task: exec: "${container.config.command?.[0] ?? ""}": no such file`;
      this.#end(container, 128, "itself", { reason: "StartError", message });
      throw failure("Unknown", call, message);
    }
    this.#run(container);
  }

  /** SIGTERM now, SIGKILL after the grace, unless the caller went away meanwhile. Resolves when it has ended. */
  stopContainer(id: string, graceSeconds: number, isCallerGone: () => boolean): void | Promise<void> {
    const container = this.containers.get(id);
    if (container?.state !== "running") {
      if (container?.lost === true) container.lost = false;
      return;
    }
    if (graceSeconds <= 0) {
      this.kill(container, "stopped");
      return;
    }
    const { time } = this.#parts;
    const { termMs, termCode } = container.program ?? { termMs: 1, termCode: KILLED_CODE };
    if (termMs !== undefined) {
      container.timers.push(time.after(termMs, () => this.#end(container, termCode, "stopped")));
    }
    return new Promise((resolve) => {
      container.onExit.push(() => {
        time.touch();
        resolve();
      });
      const kill = () => {
        if (!isCallerGone()) this.kill(container, "stopped");
      };
      container.timers.push(time.after(graceSeconds * 1000, kill));
    });
  }

  /** SIGKILL. */
  kill(container: ContainerRecord, cause: EndCause): void {
    if (container.state !== "running" || container.isDying) return;
    if (container.deathMs === 0) {
      this.#end(container, KILLED_CODE, cause);
      return;
    }
    container.isDying = true;
    this.#parts.time.after(container.deathMs, () => this.#end(container, KILLED_CODE, cause));
  }

  /** The runtime forgets what the container does; it goes on. */
  loseSight(container: ContainerRecord): void {
    container.lost = true;
    container.wasLost = true;
  }

  /** The machine goes down: every process ends, whatever it hangs in. */
  powerOff(): void {
    for (const container of this.containers.values()) {
      container.lost = false;
      this.#end(container, KILLED_CODE, "fault");
    }
    for (const sandbox of this.sandboxes.values()) this.#endSandbox(sandbox);
  }

  removeContainer(id: string): void {
    const container = this.containers.get(id);
    if (container === undefined) return;
    if (container.state === "starting") {
      throw failure("Unknown", "RemoveContainer", `container "${id}" is in starting state, can't be removed`);
    }
    this.kill(container, "removed");
    if (container.state === "running") throw stillRuns("RemoveContainer", id);
    this.containers.delete(id);
    this.#names.delete(containerName(container.sandbox, container.config));
    this.#tellContainer(container, "removed");
    this.#emit("deleted", id, container.sandbox);
  }

  reopenLog(id: string): void {
    const container = this.containers.get(id);
    if (container?.state !== "running") {
      throw failure("Unknown", "ReopenContainerLog", "container is not running");
    }
    container.log = this.#parts.disk.write(container.logPath, "");
  }

  /** What all writable layers take. */
  layers(): { readonly usedBytes: number; readonly inodesUsed: number } {
    const sum = { usedBytes: 0, inodesUsed: 0 };
    for (const { layer } of this.containers.values()) {
      sum.usedBytes += layer.usedBytes;
      sum.inodesUsed += layer.inodesUsed;
    }
    return sum;
  }

  containersOf(sandboxId: string): readonly ContainerRecord[] {
    return [...this.containers.values()].filter(({ sandbox }) => sandbox.id === sandboxId);
  }

  #run(container: ContainerRecord): void {
    const { time, cgroups, disk } = this.#parts;
    const { program } = container;
    container.state = "running";
    container.startedAtMs = time.wallMs;
    container.startedAtMonotonicMs = time.monotonicMs;
    container.pid = cgroups.startProcess(cgroupOf(container), () => this.kill(container, "cgroupRemoved"));
    disk.makeDirectories(parentPath(container.logPath));
    container.log = disk.write(container.logPath, "");
    this.#tellContainer(container, "started");
    this.#emit("started", container.id, container.sandbox);
    this.#write(container, "stdout", program?.stdout);
    this.#write(container, "stderr", program?.stderr);
    if (program?.lifetimeMs !== undefined) {
      const end = () => this.#end(container, program.exitCode, "itself");
      container.timers.push(time.after(program.lifetimeMs, end));
    }
    if (program?.repeatMs !== undefined) this.#repeat(container, program.repeatMs);
  }

  #repeat(container: ContainerRecord, everyMs: number): void {
    const again = () => {
      this.#write(container, "stdout", container.program?.stdout);
      this.#repeat(container, everyMs);
    };
    container.timers.push(this.#parts.time.after(everyMs, again));
  }

  #write(container: ContainerRecord, stream: "stdout" | "stderr", text: string | undefined): void {
    if (text === undefined || container.log === undefined) return;
    const time = new Date(this.#parts.time.wallMs).toISOString();
    this.#parts.disk.append(container.log, `${time} ${stream} F ${text}\n`);
  }

  #end(
    container: ContainerRecord,
    exitCode: number,
    cause: EndCause,
    told?: { reason: string; message: string },
  ): void {
    if (container.state !== "running") return;
    const { time, cgroups } = this.#parts;
    for (const timer of container.timers.splice(0)) timer.cancel();
    container.state = "exited";
    container.lost = false;
    container.finishedAtMs = time.wallMs;
    container.exitCode = exitCode;
    container.reason = told?.reason ?? (exitCode === 0 ? "Completed" : "Error");
    container.message = told?.message ?? "";
    const shownMs = cause === "itself" || cause === "fault" ? this.#times.exitShownMs() : 0;
    container.exitShownAtMs = time.monotonicMs + shownMs;
    cgroups.endProcess(cgroupOf(container), container.pid);
    this.#tellContainer(container, "ended", cause);
    this.#emit("stopped", container.id, container.sandbox);
    for (const listener of container.onExit.splice(0)) listener();
  }

  #sandboxEnded(sandbox: SandboxRecord): void {
    if (!sandbox.ready) return;
    sandbox.ready = false;
    this.#tellSandbox(sandbox, "stopped");
    this.#emit("stopped", sandbox.id, sandbox);
  }

  #endSandbox(sandbox: SandboxRecord): void {
    this.#parts.cgroups.endProcess(sandbox.cgroup, sandbox.pid);
    this.#sandboxEnded(sandbox);
  }

  #reserve(name: string, call: string, what: string): void {
    if (this.#names.has(name)) throw failure("Unknown", call, `failed to reserve ${what} name "${name}"`);
    this.#names.add(name);
  }

  #nextAddress(): string {
    this.#lastAddress += 1;
    return `10.88.${(this.#lastAddress >> 8) & 255}.${this.#lastAddress & 255}`;
  }

  #pause(ms: number): Promise<void> {
    return ms > 0 ? this.#parts.time.wait(ms) : Promise.resolve();
  }

  #emit(kind: RuntimeEvent["kind"], containerId: string, sandbox: SandboxRecord): void {
    const event = { kind, containerId, podUid: sandbox.config.metadata.uid, timestampMs: this.#parts.time.wallMs };
    for (const listener of this.#listeners) listener(event);
  }

  #tellSandbox(sandbox: SandboxRecord, what: Parameters<RuntimeWatcher["onSandbox"]>[1]): void {
    for (const watcher of this.#watchers) watcher.onSandbox(sandbox, what);
  }

  #tellContainer(
    container: ContainerRecord,
    what: Parameters<RuntimeWatcher["onContainer"]>[1],
    cause?: EndCause,
  ): void {
    for (const watcher of this.#watchers) watcher.onContainer(container, what, cause);
  }
}

function stillRuns(call: string, id: string): RuntimeError {
  return failure("Unknown", call, `failed to kill container "${id}": it does not end`);
}

export function failure(code: RuntimeErrorCode, call: string, message: string): RuntimeError {
  return new RuntimeError(code, call, message);
}
