/** The container runtime of this machine: the one that is named, or an embedded containerd with its images. */
import { type EffectiveConfiguration, kubeletSettings, usesEmbeddedRuntime } from "../../core/config/index.ts";
import { ensurePodNetwork } from "../../host/cni/bridge-network.ts";
import { removeIdleMasquerades } from "../../host/cni/idle-masquerades.ts";
import { createEmbeddedContainerd, type EmbeddedContainerd } from "../../host/containerd/embedded-containerd.ts";
import { LOCAL_IMAGE_PROGRAMS, missingPrograms, missingProgramsMessage } from "../../host/containerd/programs.ts";
import { type CriClient, createCriClient } from "../../host/cri/cri-client.ts";
import { importImage } from "../../host/images/image-import.ts";
import {
  buildBusyboxImage,
  buildPauseImage,
  busyboxImageName,
  pauseImageName,
} from "../../host/images/local-images.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ImageTransfers } from "../../ports/image-transfers.ts";
import type { Log } from "../../ports/log.ts";
import type { ImageService } from "../../ports/runtime.ts";
import { MachineUnfit } from "./machine-unfit.ts";

export interface MachineRuntime {
  readonly endpoint: string;
  readonly client: CriClient;
  readonly images: ImageService;
  readonly imageTransfers: ImageTransfers;
  /** Names of images without which no pod starts, or that nobody could bring back. */
  readonly keepImages: readonly string[];
  /** Process id of a runtime of our own; `undefined`: it is somebody else's, or it is down. */
  pid(): number | undefined;
  /** Closes the connections; `endRuntime`: a runtime of our own ends too, else it goes on with its pods. */
  close(options: { readonly endRuntime: boolean }): Promise<void>;
}

interface RuntimePorts {
  readonly clock: Clock;
  readonly log: Log;
}

const IMAGE_VERSION = "1";
/** What a runtime of the machine is taken to use where nothing else is set: the kubelet's --pod-infra-container-image. */
const KUBELET_SANDBOX_IMAGE = "registry.k8s.io/pause:3.9";
/** Where the machine's own pod network is configured, if it is. */
const HOST_CNI_CONF_DIR = "/etc/cni/net.d";

/** Starts (or adopts) the runtime and sees to its images. Rejects with MachineUnfit, NetworkUnusable or RuntimeError. */
export async function openRuntime(
  configuration: EffectiveConfiguration,
  rootDir: string,
  ports: RuntimePorts,
  signal: AbortSignal,
): Promise<MachineRuntime> {
  const embedded = usesEmbeddedRuntime(configuration)
    ? await startEmbedded(configuration, rootDir, ports, signal)
    : undefined;
  const runtime = connect(configuration, embedded);
  try {
    if (embedded !== undefined && configuration.tskubelet.images.build) {
      await importLocalImages(embedded, runtime.client, ports);
    }
    return runtime;
  } catch (error) {
    await runtime.close({ endRuntime: false });
    throw error;
  }
}

function connect(
  { kubelet, tskubelet }: EffectiveConfiguration,
  embedded: EmbeddedContainerd | undefined,
): MachineRuntime {
  const {
    containerRuntimeEndpoint: endpoint,
    imageServiceEndpoint,
    runtimeRequestTimeoutMs,
  } = kubeletSettings(kubelet);
  const { sandboxImage, build } = tskubelet.images;
  const options = { timeoutMs: runtimeRequestTimeoutMs };
  const client = createCriClient(endpoint, options);
  const imageClient = imageServiceEndpoint === endpoint ? client : createCriClient(imageServiceEndpoint, options);
  return {
    endpoint,
    client,
    images: imageClient.images,
    imageTransfers: imageClient.transfers,
    keepImages:
      embedded === undefined
        ? [sandboxImage || KUBELET_SANDBOX_IMAGE]
        : // What was built here cannot be pulled again.
          [embeddedSandboxImage(sandboxImage), ...(build ? [busyboxImageName(IMAGE_VERSION)] : [])],
    pid: () => embedded?.pid(),
    async close({ endRuntime }) {
      await (endRuntime ? embedded?.stop() : embedded?.release());
      if (imageClient !== client) imageClient.close();
      client.close();
    },
  };
}

async function startEmbedded(
  configuration: EffectiveConfiguration,
  rootDir: string,
  ports: RuntimePorts,
  signal: AbortSignal,
): Promise<EmbeddedContainerd> {
  const { network, images, embeddedRuntime } = configuration.tskubelet;
  const { containerdPath } = embeddedRuntime;
  const { cniBinDirs } = network;
  const also = images.build ? LOCAL_IMAGE_PROGRAMS : [];
  const missing = missingPrograms({ cniBinDirs, containerdPath, also });
  if (missing.length > 0) throw new MachineUnfit(missingProgramsMessage(missing));
  const embedded = createEmbeddedContainerd({
    rootDir,
    sandboxImage: embeddedSandboxImage(images.sandboxImage),
    cniConfDir: podNetworkDir(configuration, rootDir),
    cniBinDirs,
    containerdPath,
    tidy: () => removeIdleMasquerades(rootDir),
    systemdCgroup: configuration.kubelet.cgroupDriver === "systemd",
    ...ports,
  });
  await embedded.start(signal);
  return embedded;
}

function embeddedSandboxImage(configured: string): string {
  return configured === "" ? pauseImageName(IMAGE_VERSION) : configured;
}

/** Without a configuration of ours that of the machine is used; where that has none, the runtime says so. */
function podNetworkDir({ kubelet, tskubelet }: EffectiveConfiguration, rootDir: string): string {
  const { writeConfig, bridgeName } = tskubelet.network;
  if (!writeConfig) return HOST_CNI_CONF_DIR;
  const subnet = kubelet.podCIDR === "" ? {} : { subnet: kubelet.podCIDR };
  return ensurePodNetwork({ rootDir, bridge: bridgeName, ...subnet }).confDir;
}

async function importLocalImages(
  embedded: EmbeddedContainerd,
  client: CriClient,
  { clock, log }: RuntimePorts,
): Promise<void> {
  const target = { socketPath: embedded.socketPath, images: client.images, clock };
  for (const build of [buildPauseImage, buildBusyboxImage]) {
    const image = await build(IMAGE_VERSION);
    if (await importImage(target, image, { pinned: true })) log.info("image built", { image: image.name });
  }
}
