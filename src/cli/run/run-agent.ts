/** `tskubelet run`: composes the agent on this machine and runs it until a signal. */
import { mkdirSync } from "node:fs";
import { type Agent, createAgent } from "../../agent/create-agent.ts";
import type { ReadManifest } from "../../agent/pods/pod-manager.ts";
import type { EffectiveConfiguration } from "../../core/config/effective-configuration.ts";
import { notBuiltYet } from "../../core/config/not-built-yet.ts";
import { formatProblem } from "../../core/config/problem.ts";
import { readObjects } from "../../core/pods/read-objects.ts";
import { createSystemClock } from "../../host/clock/system-clock.ts";
import { createRuntimeEventSource } from "../../host/cri/runtime-event-source.ts";
import { createDirectorySource } from "../../host/files/create-directory-source.ts";
import { createLogFiles } from "../../host/files/create-log-files.ts";
import { createPodFiles } from "../../host/files/create-pod-files.ts";
import { parseYaml } from "../../host/files/yaml-text.ts";
import { createLog, logLevelOfVerbosity } from "../../host/log/create-log.ts";
import { createStderrWriter } from "../../host/log/stderr-writer.ts";
import { readMachineInfo } from "../../host/machine/read-machine-info.ts";
import { acquireInstanceLock } from "../../host/store/acquire-instance-lock.ts";
import { createRecordStore } from "../../host/store/create-record-store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { ManifestSource } from "../../ports/manifest-source.ts";
import type { Servers } from "../../server/index.ts";
import type { CommandOf } from "../flags.ts";
import { loadConfiguration } from "../load-configuration.ts";
import { agentOptions } from "./agent-settings.ts";
import { openRuntime } from "./machine-runtime.ts";
import { openCgroups } from "./open-cgroups.ts";
import { startServers } from "./start-servers.ts";

/** A node that is alone shows itself on the loopback read-only port, has no cluster DNS and needs no certificates. */
const STANDALONE_DEFAULTS = [
  { part: "kubelet", path: ["readOnlyPort"], value: 10255, reason: "no control plane" },
  { part: "kubelet", path: ["address"], value: "127.0.0.1", reason: "no control plane" },
] as const;

const EXIT_OK = 0;
const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

export async function runAgent({ flags }: CommandOf<"run">): Promise<number> {
  const standalone = flags.kubeconfig === undefined || flags.kubeconfig === "";
  const overrides = standalone ? { overrides: STANDALONE_DEFAULTS } : {};
  const loaded = await loadConfiguration(flags, { cwd: process.cwd(), ...overrides });
  if ("problems" in loaded) {
    for (const problem of loaded.problems) console.error(`tskubelet: ${formatProblem(problem)}`);
    return EXIT_USAGE;
  }
  const { configuration, node } = loaded;
  const log = createLog({
    level: logLevelOfVerbosity(configuration.kubelet.logging.verbosity),
    format: configuration.kubelet.logging.format === "json" ? "json" : "text",
    write: createStderrWriter(),
  });
  for (const { path, value } of notBuiltYet(configuration)) {
    log.warn("this field has no effect yet", { field: path, value });
  }
  const { rootDir } = node.options;
  mkdirSync(rootDir, { recursive: true, mode: 0o750 });
  const lock = acquireInstanceLock(rootDir);
  try {
    return await runOnMachine({
      configuration,
      rootDir,
      standalone,
      log,
      hostname: node.options.hostnameOverride,
      nodeIps: node.options.nodeIps,
    });
  } finally {
    lock.release();
  }
}

interface RunInput {
  readonly configuration: EffectiveConfiguration;
  readonly rootDir: string;
  readonly standalone: boolean;
  readonly log: Log;
  readonly hostname: string | undefined;
  readonly nodeIps: readonly string[] | undefined;
}

async function runOnMachine(input: RunInput): Promise<number> {
  const { configuration, rootDir, log } = input;
  const clock = createSystemClock();
  const abort = new AbortController();
  const signal = untilSignal(abort);
  const runtime = await openRuntime(configuration, rootDir, { clock, log }, abort.signal);
  const store = createRecordStore({ path: `${rootDir}/state.db`, log });
  const machine = await readMachineInfo(input.hostname === undefined ? {} : { hostnameOverride: input.hostname });
  const nodeName = machine.hostname;
  const hostIps = input.nodeIps ?? (machine.nodeIp === "" ? [] : [machine.nodeIp]);
  const agent = createAgent(
    {
      clock,
      log,
      runtime: runtime.client.runtime,
      images: runtime.client.images,
      eventSource: createRuntimeEventSource(runtime.client, clock),
      cgroups: await openCgroups(configuration.kubelet.cgroupDriver, configuration.kubelet.cgroupRoot, clock),
      files: await createPodFiles({ rootDir }),
      logFiles: await createLogFiles({
        podLogsDir: configuration.kubelet.podLogsDir,
        containerLogsDir: "/var/log/containers",
      }),
      store,
      sources: manifestSources(configuration, clock, log),
      readManifest: manifestReader(nodeName),
      machine,
    },
    agentOptions(configuration, { nodeName, hostIps, rootDir, standalone: input.standalone }, machine),
  );
  await agent.start();
  let { stopPodsOnExit } = configuration.tskubelet;
  const servers = await startServers({
    view: agent.view,
    configuration,
    rootDir,
    machine,
    clock,
    log,
    shutDown: ({ stopPods }) => {
      stopPodsOnExit ||= stopPods;
      process.kill(process.pid, "SIGTERM");
    },
  });
  log.info("agent started", { node: nodeName, root: rootDir, runtime: runtime.endpoint });
  await signal;
  await end(agent, servers, stopPodsOnExit, runtime.embedded);
  runtime.client.close();
  store.close();
  return EXIT_OK;
}

async function end(
  agent: Agent,
  servers: Servers,
  stopPodsOnExit: boolean,
  embedded: { stop(): Promise<void>; release(): Promise<void> } | undefined,
): Promise<void> {
  if (stopPodsOnExit) await agent.stopPods();
  await servers.stop();
  await agent.stop();
  await (stopPodsOnExit ? embedded?.stop() : embedded?.release());
}

function manifestSources(configuration: EffectiveConfiguration, clock: Clock, log: Log): readonly ManifestSource[] {
  const { staticPodPath } = configuration.kubelet;
  const { manifestsPath } = configuration.tskubelet;
  const rescanMs = 20_000;
  return [
    ...(staticPodPath === ""
      ? []
      : [createDirectorySource({ kind: "file", path: staticPodPath, rescanMs, clock, log })]),
    ...(manifestsPath === ""
      ? []
      : [createDirectorySource({ kind: "manifests", path: manifestsPath, rescanMs, clock, log })]),
  ];
}

function manifestReader(nodeName: string): ReadManifest {
  return (file, source) => {
    const { path } = file;
    if (file.text === undefined) {
      return { path, objects: [], problems: [{ path, message: file.problem ?? "cannot be read" }], unusable: true };
    }
    return readObjects(parseYaml(file.text), { kind: source.kind, path, nodeName });
  };
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
function untilSignal(abort: AbortController): Promise<void> {
  return new Promise((resolve) => {
    const onSignal = () => {
      if (abort.signal.aborted) process.exit(EXIT_FAILURE);
      abort.abort();
      resolve();
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
  });
}
