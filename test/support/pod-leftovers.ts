/**
 * What pods leave on a machine whose agent runs: to be compared with nothing once the pods are gone. Every trace of a pod
 * counts, in the runtime, the kernel and on disk.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { AgentNode } from "./agent-node.ts";
import { cgroupProcesses, cgroupsBelow, processesWith } from "./processes.ts";

const NETNS_DIR = "/var/run/netns";
const CGROUPS = "/sys/fs/cgroup";

/** Things of the whole machine that belong to this node's pods, remembered while they live. */
export class PodTraces {
  readonly #sandboxes = new Set<string>();
  readonly #networks = new Set<string>();
  readonly #node: AgentNode;

  constructor(node: AgentNode) {
    this.#node = node;
  }

  async remember(): Promise<void> {
    for (const { id } of await this.#node.cri.runtime.listPodSandbox()) this.#sandboxes.add(id);
    for (const pid of cgroupProcesses(this.#node.cgroupRoot)) {
      const network = networkOf(pid);
      if (network !== networkOf(process.pid)) this.#networks.add(network);
    }
  }

  /** Network namespaces and firewall rules of the remembered pods that are still there. */
  left(): readonly string[] {
    const namespaces = names(NETNS_DIR)
      .filter((name) => this.#networks.has(String(inode(join(NETNS_DIR, name)))))
      .map((name) => `network namespace ${name}`);
    const rules = execFileSync("iptables-save", { encoding: "utf8" })
      .split("\n")
      .filter((line) => [...this.#sandboxes].some((id) => line.includes(id)))
      .map((line) => `firewall rule ${line}`);
    return [...namespaces, ...rules];
  }
}

/** Everything that is left of pods on the node; empty when none ever ran. */
export async function observePodLeftovers(node: AgentNode, traces: PodTraces): Promise<readonly string[]> {
  const { runtime } = node.cri;
  return [
    ...(await node.pods()).map(({ metadata }) => `pod ${metadata?.namespace}/${metadata?.name}`),
    ...(await runtime.listPodSandbox()).map(({ id, state }) => `sandbox ${id} ${state}`),
    ...(await runtime.listContainers()).map(({ id, state }) => `container ${id} ${state}`),
    ...observeMachineLeftovers(node, traces),
  ];
}

/** The same for a node whose agent and runtime have ended: what the kernel and the disk know. */
export function observeMachineLeftovers(node: AgentNode, traces: PodTraces): readonly string[] {
  return [
    ...shims(node).map((pid) => `shim ${pid}`),
    ...cgroupProcesses(node.cgroupRoot).map((pid) => `process ${pid}`),
    ...mounts(node).map((path) => `mount ${path}`),
    ...names(`/sys/class/net/${node.bridge}/brif`).map((name) => `interface ${name}`),
    ...addresses(node).map((address) => `address ${address}`),
    ...podCgroups(node).map((path) => `cgroup ${path}`),
    ...directories(node).map((path) => `path ${path}`),
    ...node.logLinks().map((path) => `link ${path}`),
    ...storedStatuses(node).map((uid) => `stored status ${uid}`),
    ...traces.left(),
  ];
}

/** Waits until nothing is left; the assertion error lists what is. */
export async function untilNothingLeft(node: AgentNode, traces: PodTraces, limitMs = 30_000): Promise<void> {
  let left: readonly string[] = [];
  await node.until(
    "nothing is left of the pods",
    async () => {
      left = await observePodLeftovers(node, traces);
      return left.length === 0;
    },
    limitMs,
    () => left.join("\n"),
  );
}

function shims(node: AgentNode): readonly number[] {
  return processesWith(`${node.rootDir}/containerd/`).filter((pid) => commandOf(pid).includes("containerd-shim"));
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

function mounts(node: AgentNode): readonly string[] {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return lines.map((line) => line.split(" ")[4] ?? "").filter((path) => path.startsWith(`${node.base}/`));
}

/** The records of host-local, one file per address. */
function addresses(node: AgentNode): readonly string[] {
  const networks = join(node.rootDir, "cni", "networks");
  return names(networks).flatMap((name) => names(join(networks, name)).filter((file) => /^[\d.]+$/.test(file)));
}

/** All but the tree of QoS classes, in every hierarchy. */
function podCgroups(node: AgentNode): readonly string[] {
  const hierarchies = ["", ...names(CGROUPS)];
  const roots = hierarchies.map((name) => join(CGROUPS, name, node.cgroupRoot));
  const usual = new Set(["kubepods", "burstable", "besteffort"]);
  return roots
    .filter((root) => existsSync(root))
    .flatMap((root) => cgroupsBelow(join(root, "kubepods")))
    .filter((path) => existsSync(path) && !usual.has(basename(path)));
}

function directories(node: AgentNode): readonly string[] {
  const state = join(node.rootDir, "containerd", "state");
  const root = join(node.rootDir, "containerd", "root");
  const parents = [
    join(node.rootDir, "pods"),
    node.logDir,
    join(state, "io.containerd.runtime.v2.task", "k8s.io"),
    join(root, "io.containerd.runtime.v2.task", "k8s.io"),
    join(state, "io.containerd.grpc.v1.cri", "sandboxes"),
    join(state, "io.containerd.grpc.v1.cri", "containers"),
    join(root, "io.containerd.grpc.v1.cri", "sandboxes"),
    join(root, "io.containerd.grpc.v1.cri", "containers"),
  ];
  return parents.flatMap((parent) => names(parent).map((name) => join(parent, name)));
}

function storedStatuses(node: AgentNode): readonly string[] {
  const database = new DatabaseSync(join(node.rootDir, "state.db"), { readOnly: true });
  try {
    const rows = database.prepare("SELECT key FROM records WHERE tbl = 'podStatus'").all();
    return rows.map((row) => String(row["key"]));
  } finally {
    database.close();
  }
}

function names(path: string): readonly string[] {
  return existsSync(path) ? readdirSync(path) : [];
}

function inode(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? 0;
}

function networkOf(pid: number): string {
  try {
    return /\d+/.exec(readlinkSync(`/proc/${pid}/ns/net`))?.[0] ?? "";
  } catch {
    return "";
  }
}
