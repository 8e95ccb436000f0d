/**
 * `npm run bench [-- NAME...]`: prints figures as JSON, each beside its floor from the same run (the same CRI calls
 * issued bare, with the same parallelism). Never a pass or fail: the machine decides what is fast.
 * Names: start, restart, idle, ready, eviction, stats, decision, volumes, probes; without a name all of them.
 */
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { STARTS_PER_CPU } from "../src/agent/turns/start-turns.ts";
import { AgentNode, SLEEP, shellPod } from "../test/support/agent-node.ts";
import { decisionFigures } from "./decision.ts";
import { evictionFigures } from "./eviction.ts";
import { probeFigures } from "./probes.ts";
import {
  benchPod,
  percentOfACore,
  pssMib,
  type RawPod,
  removeRawPods,
  round,
  StartWatch,
  startRawPod,
  summary,
} from "./support.ts";
import { volumeFigures } from "./volumes.ts";

/** As many as the agent starts at a time. */
const STARTS_AT_A_TIME = STARTS_PER_CPU * availableParallelism();
const ROUNDS: Readonly<Record<number, number>> = { 1: 9, 30: 5, 100: 3 };
const IDLE_SECONDS = 60;

async function startFigures(node: AgentNode, watch: StartWatch): Promise<unknown> {
  const figures = [];
  for (const count of [1, 30, 100]) {
    const agent: number[] = [];
    const floor: number[] = [];
    const atOnce: number[] = [];
    for (let i = 0; i < (ROUNDS[count] ?? 3); i += 1) {
      floor.push(await floorStart(node, watch, `turns-${i}`, { count, atATime: STARTS_AT_A_TIME }));
      agent.push(await agentStart(node, watch, count, i));
      if (count > STARTS_AT_A_TIME) atOnce.push(await floorStart(node, watch, `once-${i}`, { count, atATime: count }));
    }
    const ratios = agent.map((value, i) => value / (floor[i] ?? Number.NaN));
    figures.push({
      pods: count,
      agentMs: summary(agent),
      floorMs: summary(floor),
      ratio: summary(ratios),
      ...(atOnce.length > 0 && { floorAllAtOnceMs: summary(atOnce) }),
    });
    console.error(`start ${count}: ${JSON.stringify(figures.at(-1))}`);
  }
  return figures;
}

/** A pod makes two starts: its sandbox and its container. */
const STARTS_PER_POD = 2;

async function agentStart(node: AgentNode, watch: StartWatch, count: number, round: number): Promise<number> {
  const names = Array.from({ length: count }, (_, i) => `agent-${count}-${round}-${i}`);
  const manifests = names.map((name) => ({ apiVersion: "v1", kind: "Pod", ...benchManifest(name) }));
  const started = watch.starts(count * STARTS_PER_POD);
  const from = performance.now();
  node.write("bench.yaml", ...manifests);
  const took = (await started) - from;
  node.remove("bench.yaml");
  await node.until("the pods are gone", async () => (await node.cri.runtime.listPodSandbox()).length === 0, 180_000);
  return took;
}

/** `atATime` as the agent does it, or all at once as a kubelet does. */
async function floorStart(
  node: AgentNode,
  watch: StartWatch,
  round: string,
  { count, atATime }: { readonly count: number; readonly atATime: number },
): Promise<number> {
  const started = watch.starts(count * STARTS_PER_POD);
  const from = performance.now();
  const pods: RawPod[] = [];
  let next = 0;
  const startSome = async () => {
    while (next < count) {
      const name = `floor-${count}-${round}-${next++}`;
      pods.push(await startRawPod(node.cri, name, `${node.cgroupRoot}/bench`, node.logDir));
    }
  };
  await Promise.all(Array.from({ length: atATime }, startSome));
  const took = (await started) - from;
  await removeRawPods(node.cri, pods);
  return took;
}

function benchManifest(name: string) {
  const { spec } = benchPod(name);
  return { metadata: { name }, spec: { ...spec, terminationGracePeriodSeconds: 1 } };
}

/** Container killed with SIGKILL -> its replacement has started; the floor makes it as soon as the runtime tells the end. */
async function restartFigures(node: AgentNode, watch: StartWatch): Promise<unknown> {
  const agent: number[] = [];
  const floor: number[] = [];
  for (let i = 0; i < 10; i += 1) {
    floor.push(await floorRestart(node, watch, i));
    agent.push(await agentRestart(node, watch, i));
  }
  const ratios = agent.map((value, i) => value / (floor[i] ?? Number.NaN));
  return { agentMs: summary(agent), floorMs: summary(floor), ratio: summary(ratios) };
}

async function agentRestart(node: AgentNode, watch: StartWatch, round: number): Promise<number> {
  const name = `restart-${round}`;
  node.write("restart.yaml", shellPod(name, SLEEP));
  const pod = await node.untilPod(name, "runs", ({ status }) => status?.phase === "Running");
  const id = pod.status?.containerStatuses?.[0]?.containerID?.replace("containerd://", "") ?? "";
  await sleep(300);
  const started = watch.starts(1);
  const from = performance.now();
  process.kill(firstProcess(node.cgroupRoot, id), "SIGKILL");
  const took = (await started) - from;
  node.remove("restart.yaml");
  await node.untilGone(name);
  return took;
}

async function floorRestart(node: AgentNode, watch: StartWatch, round: number): Promise<number> {
  const pod = await startRawPod(node.cri, `floor-restart-${round}`, `${node.cgroupRoot}/bench`, node.logDir);
  await sleep(300);
  const ended = watch.end(pod.containerId);
  const started = watch.starts(1);
  const from = performance.now();
  process.kill(firstProcess(node.cgroupRoot, pod.containerId), "SIGKILL");
  await ended;
  await pod.restart();
  const took = (await started) - from;
  await removeRawPods(node.cri, [pod]);
  return took;
}

function firstProcess(cgroupRoot: string, containerId: string): number {
  const base = `/sys/fs/cgroup/memory${cgroupRoot}`;
  const path = readdirSync(base, { recursive: true, encoding: "utf8" }).find((entry) =>
    entry.endsWith(`/${containerId}`),
  );
  return Number.parseInt(readFileSync(`${base}/${path}/cgroup.procs`, "utf8"), 10);
}

async function idleFigures(node: AgentNode, watch: StartWatch): Promise<unknown> {
  const count = 100;
  const started = watch.starts(count * STARTS_PER_POD);
  node.write("idle.yaml", ...Array.from({ length: count }, (_, i) => shellPod(`idle-${i}`, SLEEP)));
  await started;
  await sleep(20_000);
  const percent = await percentOfACore(node.pid, IDLE_SECONDS * 1000);
  const figures = {
    pods: count,
    seconds: IDLE_SECONDS,
    cpuPercentOfACore: round(percent),
    pssMib: round(pssMib(node.pid)),
  };
  node.remove("idle.yaml");
  await node.until("the pods are gone", async () => (await node.cri.runtime.listPodSandbox()).length === 0, 180_000);
  return figures;
}

/** The agent's process started -> its API says ready, with a runtime that is up. */
async function readyFigures(node: AgentNode): Promise<unknown> {
  const times: number[] = [];
  for (let i = 0; i < 5; i += 1) {
    await node.end("SIGKILL");
    const from = performance.now();
    await node.start();
    times.push(performance.now() - from);
  }
  return { readyMs: summary(times) };
}

/** A fresh Summary with 100 pods; the floor reads the same kernel files bare. */
async function statsFigures(node: AgentNode, watch: StartWatch): Promise<unknown> {
  const count = 100;
  const started = watch.starts(count * STARTS_PER_POD);
  node.write("stats.yaml", ...Array.from({ length: count }, (_, i) => shellPod(`stats-${i}`, SLEEP)));
  await started;
  await sleep(15_000);
  const agent: number[] = [];
  const floor: number[] = [];
  for (let i = 0; i < 20; i += 1) {
    floor.push(timed(() => readCgroupFiles(`/sys/fs/cgroup/memory${node.cgroupRoot}`)));
    const from = performance.now();
    const summaryText = await node.get("/stats/summary");
    agent.push(performance.now() - from);
    if (((summaryText as { pods?: readonly unknown[] }).pods?.length ?? 0) < count) throw new Error("pods are missing");
    await sleep(100);
  }
  node.remove("stats.yaml");
  await node.until("the pods are gone", async () => (await node.cri.runtime.listPodSandbox()).length === 0, 180_000);
  return { pods: count, freshSummaryMs: summary(agent), bareReadMs: summary(floor) };
}

function timed(work: () => void): number {
  const from = performance.now();
  work();
  return performance.now() - from;
}

/** Memory usage and statistics of every cgroup below. */
function readCgroupFiles(directory: string): void {
  for (const file of ["memory.usage_in_bytes", "memory.stat"]) readFileSync(`${directory}/${file}`);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) readCgroupFiles(`${directory}/${entry.name}`);
  }
}

async function main(wanted: readonly string[]): Promise<void> {
  const node = new AgentNode({ bridge: "tskbench0" });
  const figures: Record<string, unknown> = {};
  const run = (name: string) => wanted.length === 0 || wanted.includes(name);
  try {
    await node.start();
    if (run("ready")) figures["ready"] = await readyFigures(node);
    const watch = new StartWatch(node.cri);
    await watch.connected;
    if (run("start")) figures["start"] = await startFigures(node, watch);
    if (run("restart")) figures["restart"] = await restartFigures(node, watch);
    if (run("stats")) figures["stats"] = await statsFigures(node, watch);
    if (run("idle")) figures["idle"] = await idleFigures(node, watch);
    await watch.close();
  } finally {
    await node.close();
  }
  if (run("eviction")) figures["eviction"] = await evictionFigures();
  if (run("volumes")) figures["volumes"] = await volumeFigures();
  if (run("probes")) figures["probes"] = await probeFigures();
  if (run("decision")) figures["decision"] = decisionFigures();
  console.log(JSON.stringify(figures, undefined, 2));
}

await main(process.argv.slice(2));
