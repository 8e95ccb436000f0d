/**
 * The whole agent as a process of its own, as a user runs it: own root, containerd, bridge, cgroup root and log
 * directories. `close` leaves nothing behind and says so when something is left.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import type { Pod } from "../../src/core/api/types.ts";
import { removePodNetwork } from "../../src/host/cni/bridge-network.ts";
import { type CriClient, createCriClient } from "../../src/host/cri/cri-client.ts";
import { observeLeftovers, removeAllPods, removeCgroups, unmountBelow } from "./containerd-node.ts";

const ROOT = join(import.meta.dirname, "..", "..");
export const BUSYBOX = "localhost/tskubelet/busybox:1";

export interface AgentNodeOptions {
  /** At most 15 characters, one per test file. */
  readonly bridge: string;
  /** Fields of the KubeletConfiguration. */
  readonly kubelet?: Readonly<Record<string, unknown>>;
  /** Fields of the TskubeletConfiguration. */
  readonly tskubelet?: Readonly<Record<string, unknown>>;
  readonly flags?: readonly string[];
}

export interface AgentStatus {
  readonly readiness?: { readonly ready: boolean; readonly message: string };
}

export class AgentNode {
  readonly rootDir: string;
  readonly manifestsDir: string;
  readonly staticDir: string;
  readonly logDir: string;
  readonly cgroupRoot: string;
  readonly socketPath: string;
  readonly #options: AgentNodeOptions;
  readonly #base: string;
  #agent: ChildProcess | undefined;
  #cri: CriClient | undefined;

  constructor(options: AgentNodeOptions) {
    this.#options = options;
    this.#base = mkdtempSync(join(tmpdir(), "tske2e-"));
    this.rootDir = join(this.#base, "root");
    this.manifestsDir = join(this.#base, "manifests");
    this.staticDir = join(this.#base, "static");
    this.logDir = join(this.#base, "logs");
    this.cgroupRoot = `/${basename(this.#base)}`;
    this.socketPath = join(this.rootDir, "tskubelet.sock");
    for (const directory of [this.manifestsDir, this.staticDir, this.logDir]) mkdirSync(directory);
    this.#writeConfig();
  }

  get configPath(): string {
    return join(this.#base, "config.yaml");
  }

  get agentLogPath(): string {
    return join(this.#base, "agent.log");
  }

  agentLog(): string {
    return readFileSync(this.agentLogPath, "utf8");
  }

  get cri(): CriClient {
    this.#cri ??= createCriClient(`unix://${this.rootDir}/containerd/containerd.sock`);
    return this.#cri;
  }

  /** Starts the agent and waits until its API says that the node is ready. */
  async start(...flags: readonly string[]): Promise<void> {
    const log = openSync(this.agentLogPath, "a");
    const args = ["run", "--config", this.configPath, "--root-dir", this.rootDir, "--manifests", this.manifestsDir];
    this.#agent = spawn(
      join(ROOT, "bin", "tskubelet"),
      [...args, "-v", "4", ...(this.#options.flags ?? []), ...flags],
      {
        stdio: ["ignore", log, log],
      },
    );
    closeSync(log);
    await this.until("the agent is ready", async () => (await this.status())?.readiness?.ready === true, 60_000);
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
    const deadline = performance.now() + limitMs;
    while (!(await holds())) {
      if (performance.now() > deadline) {
        const log = this.agentLog().split("\n").slice(-25).join("\n");
        assert.fail(`waited ${limitMs} ms in vain: ${what}\n${detail()}\nagent's log:\n${log}`);
      }
      await sleep(20);
    }
  }

  /** Ends everything and checks that nothing is left on the machine. */
  async close(): Promise<void> {
    try {
      await this.end("SIGKILL");
      await removeAllPods(this.cri).catch(() => {});
    } finally {
      this.#cri?.close();
      this.#killContainerd();
      await sleep(200);
      await removePodNetwork({ rootDir: this.rootDir, bridge: this.#options.bridge });
      unmountBelow(this.#base);
      removeCgroups(this.cgroupRoot);
      rmSync(this.#base, { recursive: true, force: true });
    }
    const { bridge } = this.#options;
    const left = observeLeftovers({ rootDir: this.#base, cgroupParent: this.cgroupRoot, bridge });
    assert.deepEqual(left, [], "the node left something behind");
  }

  #killContainerd(): void {
    try {
      process.kill(
        Number.parseInt(readFileSync(join(this.rootDir, "containerd", "containerd.pid"), "utf8"), 10),
        "SIGTERM",
      );
    } catch {
      // It never ran, or has ended already.
    }
  }

  #writeConfig(): void {
    const kubelet = {
      apiVersion: "kubelet.config.k8s.io/v1beta1",
      kind: "KubeletConfiguration",
      healthzPort: 0,
      readOnlyPort: 0,
      staticPodPath: this.staticDir,
      podLogsDir: this.logDir,
      cgroupRoot: this.cgroupRoot,
      ...this.#options.kubelet,
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

function getText(socketPath: string, path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const call = request({ socketPath, path, timeout: 5_000 }, (response) => {
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
