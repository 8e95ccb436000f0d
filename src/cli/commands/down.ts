/** `tskubelet down`: ends every pod and removes what the agent made on this machine. */
import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { EffectiveConfiguration } from "../../core/config/index.ts";
import { formatProblem } from "../../core/config/problem.ts";
import { podUidOfLogDirectory } from "../../core/logs/log-paths.ts";
import { createSystemClock } from "../../host/clock/system-clock.ts";
import { removePodNetwork } from "../../host/cni/bridge-network.ts";
import { createLogFiles } from "../../host/files/create-log-files.ts";
import { createPodFiles } from "../../host/files/create-pod-files.ts";
import { removeTree } from "../../host/files/remove-tree.ts";
import { createLog } from "../../host/log/create-log.ts";
import { createMounts } from "../../host/mounts/mounts.ts";
import { acquireInstanceLock } from "../../host/store/acquire-instance-lock.ts";
import { createRecordStore } from "../../host/store/create-record-store.ts";
import { HostError, RuntimeError } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import { agentSocketPath } from "../agent-socket.ts";
import { AgentClient } from "../client/agent-client.ts";
import { ClientError } from "../client/client-error.ts";
import { removeCgroups } from "../down/remove-cgroups.ts";
import { type RemovedPod, removePods } from "../down/remove-pods.ts";
import { stopAgent } from "../down/stop-agent.ts";
import type { CommandOf } from "../flags.ts";
import { loadRunConfiguration } from "../load-run-configuration.ts";
import { CONTAINER_LOGS_DIR } from "../run/agent-settings.ts";
import { forgetClaim } from "../run/claim-cgroups.ts";
import { FOOTPRINT_FILE, type Footprint, footprintOf, readFootprint } from "../run/footprint.ts";
import { openRuntime } from "../run/machine-runtime.ts";
import { openCgroups } from "../run/open-cgroups.ts";
import type { Terminal } from "../terminal.ts";

const EXIT_USAGE = 2;
/** What the agent itself puts into its root, beside pods, containerd and network. */
const STATE_FILES = ["state.db", "state.db-wal", "state.db-shm", FOOTPRINT_FILE, "agent.lock", "service-accounts"];
/** Directories in which others have files: what claims hold, and the sockets of drivers. Only empty ones go. */
const SHARED_DIRECTORIES = ["plugins_registry", "plugins", "claims"];

export async function runDown({ flags }: CommandOf<"down">, terminal: Terminal): Promise<number> {
  const loaded = await loadRunConfiguration(flags, terminal.cwd);
  if ("problems" in loaded) {
    for (const problem of loaded.problems) terminal.err(`tskubelet: ${formatProblem(problem)}\n`);
    return EXIT_USAGE;
  }
  const { rootDir } = loaded.node.options;
  const say = (text: string) => terminal.out(`${text}\n`);
  if (!existsSync(rootDir)) {
    say(`nothing to remove: ${rootDir} is not there`);
    return 0;
  }
  const pid = await stopAgent(new AgentClient(rootDir), flags.gracePeriod, (running) =>
    say(`agent: ending it (process ${running}) with its pods ...`),
  );
  if (pid !== undefined) say("agent: ended");
  const footprint = readFootprint(rootDir) ?? footprintOf(loaded.configuration);
  const configuration = asItWas(loaded.configuration, footprint);
  try {
    await new Removal({ rootDir, footprint, configuration, graceSeconds: flags.gracePeriod, say }).run();
  } catch (error) {
    if (error instanceof HostError || error instanceof RuntimeError)
      throw new ClientError(error.message, { cause: error });
    throw error;
  }
  return 0;
}

/** The configuration that finds the same runtime again, without making anything new. */
function asItWas(
  { kubelet, tskubelet, ...rest }: EffectiveConfiguration,
  footprint: Footprint,
): EffectiveConfiguration {
  const { embeddedRuntime, containerRuntimeEndpoint, cgroupDriver, bridge } = footprint;
  const { bridgeName } = tskubelet.network;
  return {
    ...rest,
    kubelet: { ...kubelet, containerRuntimeEndpoint, cgroupDriver },
    tskubelet: {
      ...tskubelet,
      embeddedRuntime: { ...tskubelet.embeddedRuntime, enabled: embeddedRuntime },
      network: { ...tskubelet.network, writeConfig: bridge !== undefined, bridgeName: bridge ?? bridgeName },
      images: { ...tskubelet.images, build: false },
    },
  };
}

interface RemovalInput {
  readonly rootDir: string;
  readonly footprint: Footprint;
  readonly configuration: EffectiveConfiguration;
  readonly graceSeconds: number | undefined;
  readonly say: (text: string) => void;
}

class Removal {
  readonly #input: RemovalInput;
  readonly #clock = createSystemClock();
  readonly #log: Log;

  constructor(input: RemovalInput) {
    this.#input = input;
    this.#log = createLog({ level: "error", format: "text", write: (line) => process.stderr.write(line) });
  }

  async run(): Promise<void> {
    const { rootDir } = this.#input;
    const lock = acquireInstanceLock(rootDir);
    try {
      const files = await createPodFiles({ rootDir });
      const uids = new Set([...(await files.listPods()), ...this.#recordedPods()]);
      for (const { uid } of await this.#removePods(uids)) uids.add(uid);
      for (const uid of await files.listPods()) {
        if (!(await files.removePod(uid)))
          throw new ClientError(`the directory of pod ${uid} is still mounted somewhere`);
      }
      await this.#removeCgroups(uids);
      await this.#removeLogs(uids);
      await this.#removeContainerd();
      await this.#removeNetwork();
    } finally {
      lock.release();
    }
    this.#removeState();
  }

  #recordedPods(): readonly string[] {
    const path = join(this.#input.rootDir, "state.db");
    if (!existsSync(path)) return [];
    const store = createRecordStore({ path, log: this.#log });
    try {
      return store.list("podStatus").map(({ key }) => key);
    } finally {
      store.close();
    }
  }

  async #removePods(uids: ReadonlySet<string>): Promise<readonly RemovedPod[]> {
    const { rootDir, footprint, configuration, graceSeconds, say } = this.#input;
    if (footprint.embeddedRuntime && !existsSync(join(rootDir, "containerd"))) return [];
    const { signal } = new AbortController();
    const runtime = await openRuntime(configuration, rootDir, { clock: this.#clock, log: this.#log }, signal);
    try {
      const removed = await removePods(runtime.client.runtime, this.#clock, {
        uids: footprint.embeddedRuntime ? "all" : uids,
        ...(graceSeconds !== undefined && { graceSeconds }),
      });
      const names = removed.map(({ name }) => name).join(", ");
      say(removed.length === 0 ? "pods: none left" : `pods: removed ${names}`);
      return removed;
    } finally {
      await runtime.close({ endRuntime: true });
    }
  }

  async #removeCgroups(uids: ReadonlySet<string>): Promise<void> {
    const { footprint, say } = this.#input;
    if (!footprint.cgroupsPerQos) return;
    const cgroups = await openCgroups(footprint.cgroupDriver, footprint.cgroupRoot, this.#clock);
    const path = cgroups.runtimePath(["kubepods"]);
    const isGone = await removeCgroups(cgroups, uids);
    forgetClaim(cgroups);
    say(isGone ? `cgroups: ${path} removed` : `cgroups: ${path} left, others have pods in it`);
  }

  async #removeLogs(uids: ReadonlySet<string>): Promise<void> {
    const { footprint, say } = this.#input;
    const { podLogsDir } = footprint;
    if (!existsSync(podLogsDir)) return;
    const logs = await createLogFiles({ podLogsDir, containerLogsDir: CONTAINER_LOGS_DIR });
    const ours = (await logs.listPodDirectories()).filter((name) => uids.has(podUidOfLogDirectory(name)));
    for (const name of ours) await logs.removePodDirectory(name);
    await logs.removeDanglingLinks();
    say(`logs: ${ours.length} ${ours.length === 1 ? "directory" : "directories"} removed from ${podLogsDir}`);
  }

  async #removeContainerd(): Promise<void> {
    const { rootDir, footprint, say } = this.#input;
    const directory = join(rootDir, "containerd");
    if (!footprint.embeddedRuntime || !existsSync(directory)) return;
    if (!(await createMounts().unmountBelow(directory)))
      throw new ClientError(`something below ${directory} is still in use`);
    await removeTree(directory);
    say("containerd: ended, its images and containers removed");
  }

  async #removeNetwork(): Promise<void> {
    const { rootDir, footprint, say } = this.#input;
    const { bridge } = footprint;
    if (bridge === undefined) return;
    const existed = existsSync(`/sys/class/net/${bridge}`);
    await removePodNetwork({ rootDir, bridge });
    if (existed && !existsSync(`/sys/class/net/${bridge}`)) say(`network: bridge ${bridge} removed`);
  }

  #removeState(): void {
    const { rootDir, say } = this.#input;
    for (const name of STATE_FILES) rmSync(join(rootDir, name), { force: true, recursive: true });
    for (const name of SHARED_DIRECTORIES) removeEmptyDirectories(join(rootDir, name));
    rmSync(agentSocketPath(rootDir), { force: true });
    if (existsSync(join(rootDir, "pods"))) rmdirSync(join(rootDir, "pods"));
    const left = readdirSync(rootDir);
    if (left.includes("claims")) say(`claims: their data stays in ${join(rootDir, "claims")}`);
    const others = left.filter((name) => name !== "claims");
    if (others.length > 0) say(`state: removed; in ${rootDir} others have ${others.join(", ")}`);
    else if (left.length > 0) say("state: removed");
    else if (removeDirectory(rootDir)) say(`state: ${rootDir} removed`);
    else say(`state: removed; ${rootDir} is a disk of its own and stays`);
  }
}

/** False: something is mounted there, which only who mounted it takes away. */
function removeDirectory(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EBUSY") return false;
    throw error;
  }
}

/** The directory and what is below it, as far as it is empty. */
function removeEmptyDirectories(path: string): void {
  if (!existsSync(path)) return;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeEmptyDirectories(join(path, entry.name));
  }
  try {
    rmdirSync(path);
  } catch (error) {
    if (!["ENOTEMPTY", "EBUSY"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
