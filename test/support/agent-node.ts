/**
 * The whole agent as a process of its own, as a user runs it: own root, containerd, bridge, cgroup root and log
 * directories. `close` leaves nothing behind and says so when something is left.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import type { ContainerStatus, Pod } from "../../src/core/api/types.ts";
import { CONTAINER_LOGS_ROOT, containerLogPath, podLogDirectory } from "../../src/core/logs/log-paths.ts";
import { removePodNetwork } from "../../src/host/cni/bridge-network.ts";
import { type CriClient, createCriClient } from "../../src/host/cri/cri-client.ts";
import { observeLeftovers, removeAllPods, removeCgroups, unmountBelow } from "./containerd-node.ts";
import { cgroupProcesses, killProcesses, processesWith } from "./processes.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** An emulated machine is that many times slower, and who looks too often holds up what he is waiting for. */
const [SLOWNESS, POLL_MS] = process.env["TSKUBELET_VM"] === undefined ? [1, 20] : [10, 1_000];
export const BUSYBOX = "localhost/tskubelet/busybox:1";

export type ConfigFields = Readonly<Record<string, unknown>>;

export interface AgentNodeOptions {
  /** At most 15 characters, one per test file. */
  readonly bridge: string;
  /** Fields of the KubeletConfiguration; a function where they depend on the node's own places. */
  readonly kubelet?: ConfigFields | ((node: AgentNode) => ConfigFields);
  /** Fields of the TskubeletConfiguration. */
  readonly tskubelet?: Readonly<Record<string, unknown>>;
  readonly flags?: readonly string[];
}

export interface AgentStatus {
  readonly pid?: number;
  readonly readiness?: { readonly ready: boolean; readonly message: string };
}

/** The fields of a v1.Event that tests look at. */
export interface NodeEvent {
  readonly involvedObject: { readonly kind?: string; readonly name?: string; readonly fieldPath?: string };
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
}

export class AgentNode {
  readonly base: string;
  readonly rootDir: string;
  readonly manifestsDir: string;
  readonly staticDir: string;
  readonly logDir: string;
  readonly cgroupRoot: string;
  readonly socketPath: string;
  #options: AgentNodeOptions;
  #agent: ChildProcess | undefined;
  #cri: CriClient | undefined;

  constructor(options: AgentNodeOptions) {
    this.#options = options;
    this.base = mkdtempSync(join(tmpdir(), "tske2e-"));
    this.rootDir = join(this.base, "root");
    this.manifestsDir = join(this.base, "manifests");
    this.staticDir = join(this.base, "static");
    this.logDir = join(this.base, "logs");
    this.cgroupRoot = `/${basename(this.base)}`;
    this.socketPath = join(this.rootDir, "tskubelet.sock");
    for (const directory of [this.manifestsDir, this.staticDir, this.logDir]) mkdirSync(directory);
    this.#writeConfig();
  }

  get bridge(): string {
    return this.#options.bridge;
  }

  get configPath(): string {
    return join(this.base, "config.yaml");
  }

  get agentLogPath(): string {
    return join(this.base, "agent.log");
  }

  agentLog(): string {
    return readFileSync(this.agentLogPath, "utf8");
  }

  get cri(): CriClient {
    this.#cri ??= createCriClient(`unix://${this.rootDir}/containerd/containerd.sock`);
    return this.#cri;
  }

  /** Settings of the agent that starts next; whatever is not named stays. */
  configure(options: Pick<AgentNodeOptions, "kubelet" | "tskubelet">): void {
    this.#options = { ...this.#options, ...options };
    this.#writeConfig();
  }

  /** Starts the agent and waits until its API says that the node is ready. */
  async start(...flags: readonly string[]): Promise<void> {
    this.launch(...flags);
    await this.untilReady();
  }

  /** Starts the agent and waits for nothing. */
  launch(...flags: readonly string[]): void {
    const log = openSync(this.agentLogPath, "a");
    const [command, args] = this.commandLine(...flags);
    this.#agent = spawn(command, args, { stdio: ["ignore", log, log] });
    closeSync(log);
  }

  /** How the agent is started; a second one with the same flags is another claim on the same root. */
  commandLine(...flags: readonly string[]): readonly [command: string, args: readonly string[]] {
    const args = ["run", "--config", this.configPath, "--root-dir", this.rootDir, "--manifests", this.manifestsDir];
    return [join(ROOT, "bin", "tskubelet"), [...args, "-v", "4", ...(this.#options.flags ?? []), ...flags]];
  }

  async untilReady(): Promise<void> {
    const { pid } = this;
    await this.until(
      "the agent is ready",
      async () => {
        assert.ok(this.runs, `the agent ended:\n${this.agentLog()}`);
        const status = await this.status();
        return status?.pid === pid && status.readiness?.ready === true;
      },
      60_000,
    );
  }

  get runs(): boolean {
    return this.#agent !== undefined && this.#agent.exitCode === null && this.#agent.signalCode === null;
  }

  get pid(): number {
    const pid = this.#agent?.pid;
    assert.ok(pid !== undefined, "the agent does not run");
    return pid;
  }

  /** Ends the agent with a signal and resolves with its exit code (`null`: killed). */
  async end(signal: "SIGTERM" | "SIGKILL" | "SIGINT"): Promise<number | null> {
    const agent = this.#agent;
    if (agent === undefined || agent.exitCode !== null || agent.signalCode !== null) return null;
    const exited = once(agent, "exit");
    agent.kill(signal);
    const [code] = await exited;
    this.#agent = undefined;
    return code as number | null;
  }

  /** Puts a manifest into the directory in one step, as a careful editor does. */
  write(name: string, ...objects: readonly unknown[]): void {
    this.writeText(name, objects.map((object) => stringify(object)).join("---\n"));
  }

  writeText(name: string, text: string, directory = this.manifestsDir): void {
    const temporary = join(directory, `.${name}.new`);
    writeFileSync(temporary, text);
    renameSync(temporary, join(directory, name));
  }

  remove(name: string, directory = this.manifestsDir): void {
    rmSync(join(directory, name), { force: true });
  }

  /** Every manifest goes at once. */
  removeAll(): void {
    for (const entry of readdirSync(this.manifestsDir, { withFileTypes: true })) {
      if (entry.isFile()) this.remove(entry.name);
    }
  }

  /** JSON of the agent's local API; `undefined`: the agent does not answer. */
  async get(path: string): Promise<unknown> {
    const text = await getText(this.socketPath, path);
    return text === undefined ? undefined : JSON.parse(text);
  }

  async status(): Promise<AgentStatus | undefined> {
    return (await this.get("/tskubelet/v1/status")) as AgentStatus | undefined;
  }

  async pods(): Promise<readonly Pod[]> {
    const list = (await this.get("/api/v1/pods")) as { readonly items?: readonly Pod[] } | undefined;
    return list?.items ?? [];
  }

  async pod(name: string, namespace = "default"): Promise<Pod | undefined> {
    return (await this.pods()).find(({ metadata }) => metadata?.name === name && metadata.namespace === namespace);
  }

  /** Waits for a pod's state; the assertion error shows what the pod looks like instead. */
  async untilPod(name: string, what: string, holds: (pod: Pod) => boolean, limitMs = 30_000): Promise<Pod> {
    let last: Pod | undefined;
    await this.until(
      `pod ${name} ${what}`,
      async () => {
        last = await this.pod(name);
        return last !== undefined && holds(last);
      },
      limitMs,
      () => JSON.stringify(last?.status),
    );
    assert.ok(last);
    return last;
  }

  async untilGone(name: string, limitMs = 30_000): Promise<void> {
    await this.until(`pod ${name} is gone`, async () => (await this.pod(name)) === undefined, limitMs);
  }

  async until(
    what: string,
    holds: () => boolean | Promise<boolean>,
    limitMs = 30_000,
    detail: () => string = () => "",
  ): Promise<void> {
    const deadline = performance.now() + limitMs * SLOWNESS;
    while (!(await holds())) {
      if (performance.now() > deadline) {
        const log = this.agentLog().split("\n").slice(-25).join("\n");
        assert.fail(`waited ${limitMs * SLOWNESS} ms in vain: ${what}\n${detail()}\nagent's log:\n${log}`);
      }
      await sleep(POLL_MS);
    }
  }

  /** All events, oldest change first; `name`: those about the object of that name. */
  async events(name?: string): Promise<readonly NodeEvent[]> {
    const list = (await this.get("/api/v1/events")) as { readonly items?: readonly NodeEvent[] } | undefined;
    return (list?.items ?? []).filter(({ involvedObject }) => name === undefined || involvedObject.name === name);
  }

  async untilEvent(name: string, reason: string, message: RegExp = /./, limitMs = 30_000): Promise<NodeEvent> {
    let events: readonly NodeEvent[] = [];
    const find = () => events.find((event) => event.reason === reason && message.test(event.message));
    await this.until(
      `event ${reason} of ${name} that matches ${message}`,
      async () => {
        events = await this.events(name);
        return find() !== undefined;
      },
      limitMs,
      () => events.map((event) => `${event.reason}: ${event.message}`).join("\n"),
    );
    const event = find();
    assert.ok(event);
    return event;
  }

  logPath(pod: Pod, container = "main", attempt = 0): string {
    const { namespace = "", name = "", uid = "" } = pod.metadata ?? {};
    return `${podLogDirectory({ namespace, name, uid }, this.logDir)}/${containerLogPath(container, attempt)}`;
  }

  /** What one instance of a container has written so far, without the time and stream of each line. */
  containerLog(pod: Pod, container = "main", attempt = 0): string {
    return readIfThere(this.logPath(pod, container, attempt)).replace(/^\S+ std(out|err) [FP] /gm, "");
  }

  async untilLog(pod: Pod, pattern: RegExp, container = "main", attempt = 0, limitMs = 20_000): Promise<string> {
    const log = () => this.containerLog(pod, container, attempt);
    const what = `log ${attempt} of ${pod.metadata?.name}/${container} matches ${pattern}`;
    await this.until(what, () => pattern.test(log()), limitMs, log);
    return log();
  }

  get containerdPid(): number {
    return Number.parseInt(readFileSync(join(this.rootDir, "containerd", "containerd.pid"), "utf8"), 10);
  }

  /** First process of a container or sandbox, by its ID. */
  processOf(id: string): number {
    const [pid] = cgroupProcesses(this.cgroupRoot, id);
    assert.ok(pid !== undefined, `no process of ${id}`);
    return pid;
  }

  /**
   * Ends everything. Fails when something is left that cannot be taken away; what pods of a living agent leave is for
   * `observePodLeftovers` to say.
   */
  async close(): Promise<void> {
    const { bridge } = this.#options;
    try {
      await this.end("SIGKILL");
      await removeAllPods(this.cri).catch(() => {});
    } finally {
      this.#cri?.close();
      this.#killContainerd();
      // Shims and containers that containerd did not get to any more.
      await this.until("processes end", () => killProcesses(processesWith(`${this.rootDir}/`)), 5_000);
      await this.until("containers end", () => killProcesses(cgroupProcesses(this.cgroupRoot)), 5_000);
      await removePodNetwork({ rootDir: this.rootDir, bridge });
      for (const link of this.logLinks()) rmSync(link, { force: true });
      unmountBelow(this.base);
      removeCgroups(this.cgroupRoot);
      rmSync(this.base, { recursive: true, force: true });
    }
    const left = observeLeftovers({ rootDir: this.base, cgroupParent: this.cgroupRoot, bridge });
    assert.deepEqual(left, [], "the node left something behind");
  }

  /** Links of the machine's directory of container logs that lead into this node's logs. */
  logLinks(): readonly string[] {
    if (!existsSync(CONTAINER_LOGS_ROOT)) return [];
    const links = readdirSync(CONTAINER_LOGS_ROOT).map((name) => join(CONTAINER_LOGS_ROOT, name));
    return links.filter((link) => targetOf(link).startsWith(`${this.logDir}/`));
  }

  #killContainerd(): void {
    try {
      process.kill(this.containerdPid, "SIGTERM");
    } catch {
      // It never ran, or has ended already.
    }
  }

  #writeConfig(): void {
    const { kubelet: fields } = this.#options;
    const kubelet = {
      apiVersion: "kubelet.config.k8s.io/v1beta1",
      kind: "KubeletConfiguration",
      healthzPort: 0,
      readOnlyPort: 0,
      staticPodPath: this.staticDir,
      podLogsDir: this.logDir,
      cgroupRoot: this.cgroupRoot,
      ...(typeof fields === "function" ? fields(this) : fields),
    };
    const tskubelet = {
      apiVersion: "tskubelet.dev/v1alpha1",
      kind: "TskubeletConfiguration",
      network: { bridgeName: this.#options.bridge },
      ...this.#options.tskubelet,
    };
    writeFileSync(this.configPath, `${stringify(kubelet)}---\n${stringify(tskubelet)}`);
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // A log is away for a moment at each rotation.
    return "";
  }
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return "";
  }
}

export function statusOf(pod: Pod, container = "main"): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  return [...containerStatuses, ...initContainerStatuses].find(({ name }) => name === container);
}

/** ID without the runtime's name before it; "" while there is none. */
export function containerIdOf(pod: Pod, container = "main"): string {
  return statusOf(pod, container)?.containerID?.replace(/^containerd:\/\//, "") ?? "";
}

export function isRunning(pod: Pod): boolean {
  return pod.status?.phase === "Running" && conditionOf(pod, "Ready") === "True";
}

export function conditionOf(pod: Pod, type: string): string | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type)?.status;
}

/** An answer of an agent's local API; `undefined`: nobody answers. */
export function getText(socketPath: string, path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const call = request({ socketPath, path, timeout: 5_000 * SLOWNESS }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
      response.on("error", () => resolve(undefined));
    });
    call.on("error", () => resolve(undefined));
    call.on("timeout", () => call.destroy());
    call.end();
  });
}

/** A pod of one busybox container that runs a shell script; `spec` overrides the pod's spec. */
export function shellPod(name: string, script: string, spec: Readonly<Record<string, unknown>> = {}): unknown {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: "main", image: BUSYBOX, imagePullPolicy: "Never", command: ["sh", "-c", script] }],
      ...spec,
    },
  };
}

export const SLEEP = "trap 'exit 0' TERM; while true; do sleep 1000 & wait $!; done";
