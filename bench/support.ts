/** What the benchmarks share: medians, the event-stream stopwatch, raw CRI pods without the agent. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pod } from "../src/core/api/types.ts";
import { containerConfig } from "../src/core/cri/container-config.ts";
import { sandboxConfig } from "../src/core/cri/sandbox-config.ts";
import type { CriMount } from "../src/core/cri/types.ts";
import { createSystemClock } from "../src/host/clock/system-clock.ts";
import type { CriClient } from "../src/host/cri/cri-client.ts";
import { createRuntimeEventSource } from "../src/host/cri/runtime-event-source.ts";
import type { RuntimeEvent } from "../src/ports/runtime.ts";
import { type AgentNode, BUSYBOX } from "../test/support/agent-node.ts";

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export function summary(values: readonly number[]) {
  return { median: round(median(values)), min: round(Math.min(...values)), max: round(Math.max(...values)) };
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Sees container starts and ends through the runtime's own event stream, for the agent and for the floor alike. */
export class StartWatch {
  readonly #abort = new AbortController();
  #waiting: { left: number; readonly done: (at: number) => void } | undefined;
  readonly #ends = new Map<string, () => void>();
  readonly #running: Promise<void>;
  readonly connected: Promise<void>;

  constructor(cri: CriClient) {
    const source = createRuntimeEventSource(cri, createSystemClock());
    const { promise, resolve } = Promise.withResolvers<void>();
    this.connected = promise;
    const onEvent = ({ kind, containerId }: RuntimeEvent) => {
      if (kind === "started") this.#count();
      if (kind === "exited") this.#ends.get(containerId)?.();
    };
    this.#running = source.run(resolve, onEvent, this.#abort.signal).catch(() => {});
  }

  #count(): void {
    if (this.#waiting === undefined) return;
    this.#waiting.left -= 1;
    if (this.#waiting.left > 0) return;
    this.#waiting.done(performance.now());
    this.#waiting = undefined;
  }

  /** Resolves with the moment of the `count`-th start from now on; sandboxes count, too. */
  starts(count: number): Promise<number> {
    return new Promise((done) => {
      this.#waiting = { left: count, done };
    });
  }

  /** Resolves when the runtime tells that the container ended. */
  end(containerId: string): Promise<void> {
    return new Promise((done) => {
      this.#ends.set(containerId, done);
    });
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }
}

const [SETTLE_MS, REST_MS] = [20_000, 60_000];

/** What the agent takes of a core over a minute while these pods are there and nothing happens; then they are gone. */
export async function percentAtRest(
  node: AgentNode,
  pods: readonly unknown[],
  isReady: (pod: Pod) => boolean,
): Promise<number> {
  node.write("rest.yaml", ...pods);
  const all = async () => (await node.pods()).filter(isReady).length === pods.length;
  await node.until("all run", all, 180_000);
  await sleep(SETTLE_MS);
  const percent = await percentOfACore(node.pid, REST_MS);
  node.remove("rest.yaml");
  await node.until("the pods are gone", async () => (await node.pods()).length === 0, 180_000);
  return percent;
}

/** What a process takes of a core from now on for so long. */
export async function percentOfACore(pid: number, forMs: number): Promise<number> {
  const before = cpuMs(pid);
  const from = performance.now();
  await sleep(forMs);
  return ((cpuMs(pid) - before) / (performance.now() - from)) * 100;
}

export function benchPod(name: string): Pod {
  return {
    metadata: { name, namespace: "default", uid: `bench-${name}` },
    spec: {
      enableServiceLinks: true,
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "main", image: BUSYBOX, imagePullPolicy: "Never", command: ["sleep", "100000"] }],
    },
  };
}

export interface RawPod {
  readonly sandboxId: string;
  readonly containerId: string;
  /** Makes and starts the container once more, as its next instance. */
  restart(): Promise<void>;
}

/** The same calls that the agent makes for a pod, issued bare. Labels of a kubelet are left out: the pod is nobody's. */
export async function startRawPod(
  cri: CriClient,
  name: string,
  cgroupParent: string,
  logDir: string,
  program: { readonly command?: readonly string[]; readonly mounts?: readonly CriMount[] } = {},
): Promise<RawPod> {
  const pod = benchPod(name);
  const [container] = pod.spec?.containers ?? [];
  if (container === undefined) throw new Error("no container");
  const labels = { bench: "floor" };
  const config = sandboxConfig({
    pod,
    attempt: 0,
    hostname: name,
    cpuCfsQuota: true,
    cgroupParent: `${cgroupParent}/${name}`,
    logDirectory: `${logDir}/floor_${name}`,
  });
  const sandbox = { ...config, labels };
  const sandboxId = await cri.runtime.runPodSandbox(sandbox, "");
  const startContainer = async (attempt: number): Promise<string> => {
    const made = containerConfig({
      pod,
      container: { ...container, ...(program.command && { command: [...program.command] }) },
      mounts: program.mounts ?? [],
      restartCount: attempt,
      imageRef: BUSYBOX,
      image: {},
      environment: [],
      seccompDefault: false,
      seccompProfileRoot: "/nowhere",
      memoryCapacityBytes: 8 * 2 ** 30,
      cpuCfsQuota: true,
      hugePageSizes: [],
    });
    if ("error" in made) throw new Error(made.error);
    const id = await cri.runtime.createContainer(sandboxId, { ...made.config, labels }, sandbox);
    await cri.runtime.startContainer(id);
    return id;
  };
  const containerId = await startContainer(0);
  return {
    sandboxId,
    containerId,
    restart: async () => {
      await startContainer(1);
    },
  };
}

export async function removeRawPods(cri: CriClient, pods: readonly RawPod[]): Promise<void> {
  await Promise.all(
    pods.map(async ({ sandboxId }) => {
      await cri.runtime.stopPodSandbox(sandboxId);
      await cri.runtime.removePodSandbox(sandboxId);
    }),
  );
}

/** CPU time of a process so far, in milliseconds. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return ticks * 10;
}

/** Proportional set size in MiB. */
export function pssMib(pid: number): number {
  const match = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"));
  return Number(match?.[1] ?? Number.NaN) / 1024;
}
