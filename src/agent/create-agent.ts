/**
 * Composes the agent from ports and settings: the daemon on the real machine and the simulated node alike. The order of
 * `components` is the order of start; they stop in reverse.
 */

import { KUBELET_BACKOFF } from "../core/backoff/backoff.ts";
import { volumeImageNames } from "../core/images/image-volume.ts";
import { DEFAULT_IDS_PER_POD } from "../core/pod/user-namespace.ts";
import type { Clock } from "../ports/clock.ts";
import type { RecordStore } from "../ports/record-store.ts";
import { PodAdmission } from "./admission/pod-admission.ts";
import type { Agent, AgentOptions, AgentPorts, Component } from "./agent.ts";
import { AgentView } from "./agent-view.ts";
import { ContainerGc } from "./containers/container-gc.ts";
import { ContainerRemover } from "./containers/container-remover.ts";
import { EventRecorder } from "./events/event-recorder.ts";
import { createEviction } from "./eviction/create-eviction.ts";
import { CredentialPlugins } from "./images/credential-plugins.ts";
import { ImageCredentials } from "./images/image-credentials.ts";
import { ImageGc } from "./images/image-gc.ts";
import { ImageHolds } from "./images/image-holds.ts";
import { ImageManager } from "./images/image-manager.ts";
import { PullWatch } from "./images/pull-watch.ts";
import { PulledImages } from "./images/pulled-images.ts";
import { Kubelet } from "./kubelet.ts";
import { HookRunner } from "./lifecycle/hook-runner.ts";
import { LogRotation } from "./logs/log-rotation.ts";
import { RuntimeHealth } from "./node/runtime-health.ts";
import { OomKills } from "./oom/oom-kills.ts";
import { OomWatcher } from "./oom/oom-watcher.ts";
import { PLEG_DEFAULTS, Pleg } from "./pleg/pleg.ts";
import { PodSyncer } from "./pod-workers/pod-syncer.ts";
import { PodWorkers } from "./pod-workers/pod-workers.ts";
import { PodManager } from "./pods/pod-manager.ts";
import { ProbeManager } from "./probes/probe-manager.ts";
import type { ProbeResultStore } from "./probes/probe-results.ts";
import { PatientStore } from "./records/patient-store.ts";
import { PodCgroups } from "./resources/pod-cgroups.ts";
import { ContainerMounts } from "./runtime/container-mounts.ts";
import { ContainerStarter } from "./runtime/container-starter.ts";
import { PodDns } from "./runtime/pod-dns.ts";
import { PodKiller } from "./runtime/pod-killer.ts";
import { PodRuntime } from "./runtime/pod-runtime.ts";
import { SandboxConfigs } from "./runtime/sandbox-configs.ts";
import { UserNamespaces } from "./runtime/user-namespaces.ts";
import { SecurityAdmission } from "./security/security-admission.ts";
import { StatsManager } from "./stats/stats-manager.ts";
import { StatusManager } from "./status/status-manager.ts";
import { StartTurns } from "./turns/start-turns.ts";
import { createStorage } from "./volumes/create-storage.ts";
import { StorageView } from "./volumes/storage-view.ts";
import { VolumeManager } from "./volumes/volume-manager.ts";
import { VolumeMeasures } from "./volumes/volume-measures.ts";
import { volumePlugins } from "./volumes/volume-plugins.ts";

/** Longest time that stopping all pods may take: a usual grace period and room for the runtime. */
const STOP_PODS_LIMIT_MS = 90_000;
/** A loop that waits for a runtime that hangs does not hold up the end of the agent. */
const STOP_COMPONENT_LIMIT_MS = 3_000;

export function createAgent(ports: AgentPorts, options: AgentOptions): Agent {
  const { clock, log, runtime, files, logFiles } = ports;
  const store = new PatientStore({ clock, log, store: ports.store });
  const events = new EventRecorder({ clock, log, store }, { nodeName: options.nodeName });
  const pods = new PodManager({ clock, log, store, events, sources: ports.sources, readManifest: ports.readManifest });
  const statuses = new StatusManager({ clock, log, store });
  const oomKills = new OomKills({ log, store });
  const pleg = new Pleg({ clock, log, runtime, files, eventSource: ports.eventSource, oomKills }, PLEG_DEFAULTS);
  const health = new RuntimeHealth({ clock, log, runtime }, () => pleg.health);
  const cgroups = new PodCgroups(
    { clock, log, cgroups: ports.cgroups },
    { ...options.cgroups, activePods: () => workers.activePods() },
  );
  const storage = createStorage(ports, options, { store, pods, onRegistered: () => volumes.retry(storage.csi.name) });
  const hooks = new HookRunner({ clock, runtime, prober: ports.prober, events }, options);
  const killer = new PodKiller({ clock, log, runtime, events, hooks });
  const pluginPorts = { clock, log, files, objects: pods, tokens: ports.tokens, health };
  const plugins = [...volumePlugins(pluginPorts, options), ...storage.plugins];
  const volumes = new VolumeManager(
    { clock, log, files, events, plugins, claims: storage.claims },
    { onReady: (uid) => workers.wake(uid) },
  );
  const holds = new ImageHolds();
  const probes = new ProbeManager(
    { clock, log, events, statuses, runtime, prober: ports.prober },
    { onResult: (uid) => workers.wake(uid) },
  );
  const { imageVerification } = options;
  const pulledImages =
    imageVerification === undefined
      ? {}
      : { pulledImages: new PulledImages({ store, images: ports.images }, imageVerification) };
  const pulls = new PullWatch({ clock, log, events, transfers: ports.imageTransfers });
  const podRuntime = createPodRuntime(ports, options, {
    events,
    pods,
    hooks,
    killer,
    holds,
    pulls,
    ...pulledImages,
    probes: probes.results,
    health,
    sandboxes: createSandboxConfigs(ports, options, { events, pods, cgroups, health, store }),
  });
  const syncer = new PodSyncer(
    {
      clock,
      log,
      files,
      logFiles,
      events,
      health,
      pleg,
      statuses,
      volumes,
      cgroups,
      runtime: podRuntime,
      killer,
      probes,
    },
    { logRoot: options.logRoot, hostIps: options.hostIps },
  );
  const workers = new PodWorkers({ clock, log, syncer }, { resyncMs: options.resyncMs });
  const admission = new PodAdmission({ log, events, pods, pleg, statuses, workers }, options.admission);
  const kubelet = new Kubelet(
    { clock, log, files, pods, workers, admission, pleg, health, statuses, cgroups, events, volumes },
    options,
  );
  const gc = new ContainerGc(
    { clock, log, runtime, logFiles },
    {
      ...options.containerGc,
      logLinksRoot: options.logLinksRoot,
      pods: workers,
      allSourcesReady: () => pods.allSourcesReady,
    },
  );
  const imageGc = new ImageGc(
    {
      clock,
      log,
      runtime,
      images: ports.images,
      filesystem: (path) => ports.stats.filesystem(path),
      store,
      events,
      holds,
      ...pulledImages,
    },
    {
      ...options.imageGc,
      alsoUsed: () => volumeImageNames(Object.values(workers.state.workers).map(({ pod }) => pod)),
    },
  );
  const { kernelLog, oomCounters } = ports;
  const oom = new OomWatcher({ clock, log, kernelLog, oomCounters, events, pleg, workers, oomKills });
  const rotation = new LogRotation(
    { clock, log, runtime, logFiles, pleg },
    {
      policy: { maxSizeBytes: options.containerLogMaxSizeBytes, maxFiles: options.containerLogMaxFiles },
      periodMs: options.containerLogMonitorIntervalMs,
      logRoot: options.logRoot,
    },
  );
  const measures = new VolumeMeasures({ log, volumes, plugins });
  const stats = new StatsManager(
    {
      clock,
      log,
      runtime,
      images: ports.images,
      cgroups: ports.cgroups,
      stats: ports.stats,
      workers,
      pleg,
      volumes: measures,
    },
    { ...options.stats, nodeName: options.nodeName, logRoot: options.logRoot, perQos: options.cgroups.perQos ?? true },
  );
  const pressure = createEviction({ ...ports, store }, options, {
    events,
    pods,
    pleg,
    statuses,
    workers,
    stats,
    gc,
    imageGc,
  });
  const { eviction } = pressure;
  admission.checkBy(pressure.admission);
  admission.checkBy(new SecurityAdmission({ health, machine: ports.machine }, options));
  const view = new AgentView(
    {
      clock,
      events,
      health,
      images: ports.images,
      kubelet,
      pods,
      pulls,
      runtime,
      stats,
      statuses,
      workers,
      pressure,
      storage: new StorageView({ storage, volumes }),
    },
    options,
  );
  const components: readonly Component[] = [
    store,
    cgroups,
    pleg,
    health,
    probes,
    storage.registry,
    killer,
    volumes,
    workers,
    pods,
    kubelet,
    gc,
    imageGc,
    rotation,
    oom,
    stats,
    ...pressure.components,
  ];
  const stopPods = (graceSeconds?: number) => kubelet.stopPods(STOP_PODS_LIMIT_MS, graceSeconds);
  return {
    view,
    workers,
    pods,
    pleg,
    kubelet,
    gc,
    imageGc,
    stats,
    eviction,
    events,
    stopPods,
    ...lifecycle(clock, components),
  };
}

interface RuntimeParts {
  readonly events: EventRecorder;
  readonly pods: PodManager;
  readonly hooks: HookRunner;
  readonly killer: PodKiller;
  readonly holds: ImageHolds;
  readonly pulls: PullWatch;
  readonly pulledImages?: PulledImages;
  readonly sandboxes: SandboxConfigs;
  readonly probes: ProbeResultStore;
  readonly health: RuntimeHealth;
}

function createPodRuntime(ports: AgentPorts, options: AgentOptions, parts: RuntimeParts): PodRuntime {
  const { clock, log, runtime, files, logFiles, machine } = ports;
  const { events, pods, hooks, killer, sandboxes, holds, pulls, pulledImages, probes, health } = parts;
  const turns = new StartTurns(clock, machine.cpuCores);
  const { credentialPrograms: programs, dockerConfig: nodeConfig } = ports;
  const plugins = new CredentialPlugins({ clock, log, programs }, options.credentialProviders);
  const credentials = new ImageCredentials({ log, objects: pods, nodeConfig, plugins });
  const imagePorts = {
    clock,
    images: ports.images,
    events,
    credentials,
    watch: pulls,
    ...(pulledImages && { pulledImages }),
  };
  const images = new ImageManager(imagePorts, KUBELET_BACKOFF, options.imagePulls, holds);
  const resources = { cpuCfsQuota: options.cpuCfsQuota, cpuPeriodUs: options.cpuPeriodUs };
  const starter = new ContainerStarter(
    {
      clock,
      log,
      runtime,
      images,
      mounts: new ContainerMounts({ files, runtime: health }, { seLinux: machine.seLinux }),
      logFiles,
      events,
      objects: pods,
      hooks,
      killer,
      turns,
    },
    {
      ...options,
      memoryCapacityBytes: machine.memoryBytes,
      allocatable: options.allocatable,
      resources,
      hugePageSizes: Object.keys(machine.hugePageBytes),
    },
  );
  const remover = new ContainerRemover({ runtime, logFiles }, options);
  return new PodRuntime(
    { remover, clock, log, runtime, events, killer, starter, sandboxes, probes, turns },
    { crashBackoff: options.crashBackoff },
  );
}

interface SandboxParts {
  readonly events: EventRecorder;
  readonly pods: PodManager;
  readonly cgroups: PodCgroups;
  readonly health: RuntimeHealth;
  readonly store: RecordStore;
}

function createSandboxConfigs({ files }: AgentPorts, options: AgentOptions, parts: SandboxParts): SandboxConfigs {
  const { events, pods, cgroups, health, store } = parts;
  const resources = { cpuCfsQuota: options.cpuCfsQuota, cpuPeriodUs: options.cpuPeriodUs };
  const dns = new PodDns({ files, events }, { ...options, warnMissingClusterDns: !options.standalone });
  const idsPerPod = options.idsPerPod ?? DEFAULT_IDS_PER_POD;
  const users = new UserNamespaces({ store, health }, { idsPerPod });
  return new SandboxConfigs({ cgroups, dns, users, classes: pods }, { ...options, resources });
}

function lifecycle(clock: Clock, components: readonly Component[]): Pick<Agent, "start" | "stop"> {
  const abort = new AbortController();
  return {
    async start() {
      for (const component of components) await component.start(abort.signal);
    },
    async stop() {
      abort.abort();
      for (const component of components.toReversed()) {
        // A timer that nobody waits for any more would hold up the end of the process.
        const stopped = new AbortController();
        await Promise.race([component.stop(), clock.sleep(STOP_COMPONENT_LIMIT_MS, stopped.signal)]);
        stopped.abort();
      }
    },
  };
}
