/** The container runtime of this machine: the one that a flag names, or an embedded containerd with its images. */
import { resolve } from "node:path";
import type { EffectiveConfiguration } from "../../core/config/effective-configuration.ts";
import { isDefault, originOf } from "../../core/config/origin.ts";
import { ensurePodNetwork } from "../../host/cni/bridge-network.ts";
import { createEmbeddedContainerd, type EmbeddedContainerd } from "../../host/containerd/embedded-containerd.ts";
import { missingPrograms, missingProgramsMessage } from "../../host/containerd/programs.ts";
import { type CriClient, createCriClient } from "../../host/cri/cri-client.ts";
import { importImage } from "../../host/images/image-import.ts";
import { buildBusyboxImage, buildPauseImage, pauseImageName } from "../../host/images/local-images.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";

export interface MachineRuntime {
  readonly endpoint: string;
  readonly client: CriClient;
  /** Absent: the runtime is somebody else's. */
  readonly embedded?: EmbeddedContainerd;
}

/** A machine that cannot run pods; `message` says what to do. */
export class MachineUnfit extends Error {
  override readonly name = "MachineUnfit";
}

const IMAGE_VERSION = "1";

/** Starts (or adopts) the runtime and sees to its images. Rejects with MachineUnfit. */
export async function openRuntime(
  configuration: EffectiveConfiguration,
  rootDir: string,
  ports: { readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): Promise<MachineRuntime> {
  const { containerRuntimeEndpoint, cgroupDriver } = configuration.kubelet;
  const { embeddedRuntime, network, images } = configuration.tskubelet;
  const named = !isDefault(originOf(configuration.kubeletOrigins, ["containerRuntimeEndpoint"]));
  if (embeddedRuntime.enabled === false || (named && embeddedRuntime.enabled !== true)) {
    return { endpoint: containerRuntimeEndpoint, client: createCriClient(containerRuntimeEndpoint) };
  }
  const missing = missingPrograms({ cniBinDirs: network.cniBinDirs });
  if (missing.length > 0) throw new MachineUnfit(missingProgramsMessage(missing));
  const { confDir } = ensurePodNetwork({
    rootDir,
    bridge: network.bridgeName,
    ...(configuration.kubelet.podCIDR !== "" && { subnet: configuration.kubelet.podCIDR }),
    ...(!network.writeConfig && { hostConfDir: "/etc/cni/net.d" }),
  });
  const embedded = createEmbeddedContainerd({
    rootDir,
    sandboxImage: images.sandboxImage === "" ? pauseImageName(IMAGE_VERSION) : images.sandboxImage,
    cniConfDir: resolve(confDir),
    systemdCgroup: cgroupDriver === "systemd",
    ...ports,
  });
  const { adopted, pid } = await embedded.start(signal);
  ports.log.info(adopted ? "containerd adopted" : "containerd started", { pid, endpoint: embedded.endpoint });
  const client = createCriClient(embedded.endpoint);
  if (images.build) await importLocalImages(embedded, client, ports);
  return { endpoint: embedded.endpoint, client, embedded };
}

async function importLocalImages(
  embedded: EmbeddedContainerd,
  client: CriClient,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<void> {
  const target = { socketPath: embedded.socketPath, images: client.images, clock };
  for (const build of [buildPauseImage, buildBusyboxImage]) {
    const image = await build(IMAGE_VERSION);
    if (await importImage(target, image, { pinned: true })) log.info("image built", { image: image.name });
  }
}
