/** `tskubelet run`: composes the agent on this machine and runs it until a signal. */
import { mkdirSync } from "node:fs";
import { createAgent } from "../../agent/create-agent.ts";
import type { EffectiveConfiguration } from "../../core/config/effective-configuration.ts";
import { formatProblem } from "../../core/config/problem.ts";
import { usesEmbeddedRuntime } from "../../core/config/uses-embedded-runtime.ts";
import { createOomCounters } from "../../host/cgroupfs/create-oom-counters.ts";
import { createSystemClock } from "../../host/clock/system-clock.ts";
import { NetworkUnusable } from "../../host/cni/bridge-network.ts";
import { createRuntimeEventSource } from "../../host/cri/runtime-event-source.ts";
import { createCsiDrivers } from "../../host/csi/create-csi-drivers.ts";
import { createPluginSockets } from "../../host/csi/create-plugin-sockets.ts";
import { createLogFiles } from "../../host/files/create-log-files.ts";
import { createPodFiles } from "../../host/files/create-pod-files.ts";
import { createKernelLog } from "../../host/kmsg/create-kernel-log.ts";
import { createLog, logLevelOfVerbosity } from "../../host/log/create-log.ts";
import { createStderrWriter } from "../../host/log/stderr-writer.ts";
import { readMachineInfo } from "../../host/machine/read-machine-info.ts";
import { createPressureSignals } from "../../host/pressure/create-pressure-signals.ts";
import { createProber } from "../../host/probe/create-prober.ts";
import { createCredentialPrograms } from "../../host/registry/credential-programs.ts";
import { createDockerConfigFiles } from "../../host/registry/docker-config-files.ts";
import { createStats } from "../../host/stats/create-stats.ts";
import { createNetworkStorage } from "../../host/storage/create-network-storage.ts";
import { createStorageFiles } from "../../host/storage/create-storage-files.ts";
import { acquireInstanceLock } from "../../host/store/acquire-instance-lock.ts";
import { createRecordStore } from "../../host/store/create-record-store.ts";
import { createLocalTokenSource } from "../../host/tokens/create-local-token-source.ts";
import { HostError, RuntimeError } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { ShutDownOptions } from "../../server/index.ts";
import { configurationWarnings } from "../configuration-warnings.ts";
import type { CommandOf } from "../flags.ts";
import type { NodeOptions } from "../flags-configuration.ts";
import { type LoadedProviders, loadCredentialProviders } from "../load-credential-providers.ts";
import { isStandalone, loadRunConfiguration } from "../load-run-configuration.ts";
import { agentOptions, CONTAINER_LOGS_DIR } from "./agent-settings.ts";
import { checkMachine } from "./check-machine.ts";
import { claimCgroups } from "./claim-cgroups.ts";
import { writeFootprint } from "./footprint.ts";
import { openRuntime } from "./machine-runtime.ts";
import { MachineUnfit } from "./machine-unfit.ts";
import { manifestReader, manifestSources } from "./manifest-sources.ts";
import { openCgroups } from "./open-cgroups.ts";
import { setAgentProcess } from "./set-agent-process.ts";
import { startServers } from "./start-servers.ts";
import { findSystemCgroups } from "./system-cgroups.ts";
import { welcome } from "./welcome.ts";

const EXIT_OK = 0;
const EXIT_FAILURE = 1;

export async function runAgent({ flags }: CommandOf<"run">): Promise<number> {
  const loaded = await loadRunConfiguration(flags, process.cwd());
  if ("problems" in loaded) {
    for (const problem of loaded.problems) console.error(`tskubelet: ${formatProblem(problem)}`);
    return EXIT_FAILURE;
  }
  const { configuration, node } = loaded;
  const credentialProviders = await loadCredentialProviders(node.options);
  if ("problems" in credentialProviders) {
    for (const problem of credentialProviders.problems) console.error(`tskubelet: ${formatProblem(problem)}`);
    return EXIT_FAILURE;
  }
  const log = createLog({
    level: logLevelOfVerbosity(configuration.kubelet.logging.verbosity),
    format: configuration.kubelet.logging.format,
    write: createStderrWriter(),
  });
  for (const line of configurationWarnings(loaded)) log.warn(line);
  const abort = new AbortController();
  const signal = untilSignal(abort);
  try {
    const standalone = isStandalone(flags);
    await runOnMachine({ configuration, node: node.options, credentialProviders, standalone, log, signal, abort });
    return EXIT_OK;
  } catch (error) {
    if (abort.signal.aborted) return EXIT_OK;
    if (!isExpected(error)) throw error;
    log.error("the agent cannot run", { reason: error.message });
    return EXIT_FAILURE;
  }
}

/** What a machine can be like; anything else is a mistake of ours and keeps its stack. */
function isExpected(error: unknown): error is Error {
  return [MachineUnfit, NetworkUnusable, HostError, RuntimeError].some((kind) => error instanceof kind);
}

interface RunInput {
  readonly configuration: EffectiveConfiguration;
  readonly node: NodeOptions;
  readonly credentialProviders: LoadedProviders;
  readonly standalone: boolean;
  readonly log: Log;
  /** Resolves when the agent is to end; `abort` is aborted then. */
  readonly signal: Promise<void>;
  readonly abort: AbortController;
}

async function runOnMachine(input: RunInput): Promise<void> {
  const closing = new AsyncDisposableStack();
  try {
    await runUntilSignal(input, closing);
  } finally {
    await closing.disposeAsync();
  }
}

async function runUntilSignal(input: RunInput, closing: AsyncDisposableStack): Promise<void> {
  const { configuration, log, standalone } = input;
  const { kubelet } = configuration;
  const { rootDir, hostnameOverride } = input.node;
  const clock = createSystemClock();
  mkdirSync(rootDir, { recursive: true, mode: 0o750 });
  const lock = acquireInstanceLock(rootDir);
  closing.defer(() => lock.release());
  const cgroups = await openCgroups(kubelet.cgroupDriver, kubelet.cgroupRoot, clock);
  const recordsPath = `${rootDir}/state.db`;
  if (kubelet.cgroupsPerQOS) {
    const claim = await claimCgroups({ cgroups, recordsPath, embeddedRuntime: usesEmbeddedRuntime(configuration) });
    closing.defer(() => claim.release());
  }
  await checkMachine({ config: kubelet, cgroupVersion: cgroups.version, standalone, log });
  await setAgentProcess(kubelet, log);

  writeFootprint(rootDir, configuration);
  let shutDown: ShutDownOptions = { stopPods: configuration.tskubelet.stopPodsOnExit };
  const runtime = await openRuntime(configuration, rootDir, { clock, log }, input.abort.signal);
  let podsAreGone = false;
  closing.defer(() => runtime.close({ endRuntime: podsAreGone }));
  const store = createRecordStore({ path: recordsPath, log });
  closing.defer(() => store.close());
  const machine = await readMachineInfo(hostnameOverride === undefined ? {} : { hostnameOverride });
  const nodeName = machine.hostname;
  const hostIps = input.node.nodeIps ?? (machine.nodeIp === "" ? [] : [machine.nodeIp]);
  const systemCgroups = findSystemCgroups({
    cgroupVersion: cgroups.version,
    systemCgroups: kubelet.systemCgroups,
    runtimePid: runtime.pid(),
    startedAtMs: clock.now(),
  });
  const stats = await createStats({ clock });
  const rootFs = await stats.filesystem(rootDir);
  const agent = createAgent(
    {
      clock,
      log,
      runtime: runtime.client.runtime,
      images: runtime.images,
      credentialPrograms: createCredentialPrograms(input.credentialProviders.binDir),
      imageTransfers: runtime.imageTransfers,
      dockerConfig: createDockerConfigFiles(
        { rootDir, workingDir: process.cwd(), homeDir: process.env["HOME"] ?? "" },
        log,
      ),
      eventSource: createRuntimeEventSource(runtime.client, clock),
      cgroups,
      kernelLog: createKernelLog({ clock }),
      oomCounters: await createOomCounters({ driver: kubelet.cgroupDriver, root: kubelet.cgroupRoot ?? "/" }),
      stats,
      pressureSignals: await createPressureSignals({
        driver: kubelet.cgroupDriver,
        root: kubelet.cgroupRoot ?? "/",
      }),
      files: await createPodFiles({ rootDir }),
      storageFiles: createStorageFiles(),
      pluginSockets: await createPluginSockets({ directory: `${rootDir}/plugins_registry`, clock }),
      csiDrivers: createCsiDrivers(),
      networkStorage: createNetworkStorage(),
      logFiles: await createLogFiles({ podLogsDir: kubelet.podLogsDir, containerLogsDir: CONTAINER_LOGS_DIR }),
      store,
      tokens: createLocalTokenSource({ directory: `${rootDir}/service-accounts`, nodeName, now: () => clock.now() }),
      prober: createProber(),
      sources: manifestSources(configuration, { clock, log }),
      readManifest: manifestReader(nodeName),
      machine,
    },
    agentOptions(
      configuration,
      {
        nodeName,
        hostIps,
        labels: input.node.nodeLabels,
        rootDir,
        ...(rootFs !== undefined && { rootFsBytes: rootFs.capacityBytes }),
        standalone,
        cgroupVersion: cgroups.version,
        keepImages: runtime.keepImages,
        systemCgroups,
        credentialProviders: input.credentialProviders.providers,
      },
      machine,
    ),
  );
  closing.defer(() => agent.stop());
  await agent.start();
  const servers = await startServers({
    view: agent.view,
    configuration,
    rootDir,
    machine,
    clock,
    log,
    shutDown: (options) => {
      shutDown = { ...options, stopPods: options.stopPods || shutDown.stopPods };
      process.kill(process.pid, "SIGTERM");
    },
  });
  closing.defer(() => servers.stop());
  log.info("agent started", { node: nodeName, root: rootDir, runtime: runtime.endpoint });
  if (shutDown.stopPods) {
    const { manifestsPath } = configuration.tskubelet;
    void welcome({ clock, pods: () => agent.view.pods() }, { rootDir, manifestsPath }, input.abort.signal);
  }
  await input.signal;
  if (shutDown.stopPods) {
    log.info("stopping the pods");
    const left = await agent.stopPods(shutDown.graceSeconds);
    if (left.length > 0) log.warn("pods did not end in time", { pods: left });
    podsAreGone = left.length === 0;
  }
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
