/**
 * What is mounted into a container: its volume mounts, the hosts file and the termination log.
 * Source: kubelet kubelet_pods.go makeMounts, makeHostsMount; kuberuntime_container.go makeMounts.
 */
import type { Container, Pod, VolumeMount } from "../../core/api/types.ts";
import type { CriDevice, CriMount, MountPropagation } from "../../core/cri/types.ts";
import { expandSubPath } from "../../core/expansion/container-command.ts";
import type { EnvironmentVariable } from "../../core/pod/environment.ts";
import { hostsFileContent, wantsHostsFile } from "../../core/pod/hosts-file.ts";
import { podHostname } from "../../core/pod/names.ts";
import type { MountedVolume } from "../../core/volume/state.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { PodFiles } from "../../ports/pod-files.ts";
import type { RuntimeHealth } from "../node/runtime-health.ts";

export interface MountContext {
  readonly pod: Pod;
  readonly container: Container;
  readonly attempt: number;
  readonly podIps: readonly string[];
  /** By name. */
  readonly volumes: ReadonlyMap<string, MountedVolume>;
  /** Volume of type image -> the runtime's reference of its image. */
  readonly volumeImages: ReadonlyMap<string, string>;
  readonly environment: readonly EnvironmentVariable[];
  readonly clusterDomain: string;
}

export type MountsResult =
  | { readonly mounts: readonly CriMount[]; readonly devices: readonly CriDevice[] }
  | { readonly error: string };

export interface ContainerMountsPorts {
  readonly files: PodFiles;
  readonly runtime: Pick<RuntimeHealth, "recursiveReadOnlyMounts">;
}

export interface ContainerMountsOptions {
  readonly seLinux: boolean;
}

const PROPAGATION: Readonly<Record<string, MountPropagation>> = {
  HostToContainer: "PROPAGATION_HOST_TO_CONTAINER",
  Bidirectional: "PROPAGATION_BIDIRECTIONAL",
};

export class ContainerMounts {
  readonly #files: PodFiles;
  readonly #runtime: ContainerMountsPorts["runtime"];
  /** Part of every mount of something that the agent has made. */
  readonly #relabel: { readonly selinuxRelabel?: true };

  constructor({ files, runtime }: ContainerMountsPorts, { seLinux }: ContainerMountsOptions) {
    this.#files = files;
    this.#runtime = runtime;
    this.#relabel = seLinux ? { selinuxRelabel: true } : {};
  }

  async prepare(context: MountContext): Promise<MountsResult> {
    const { pod, container } = context;
    const devices = volumeDevices(context);
    if ("error" in devices) return devices;
    const mounts: CriMount[] = [];
    for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
      const result = await this.#volumeMount(context, mount, index);
      if ("error" in result) return result;
      mounts.push(result);
    }
    const paths = mounts.map((mount) => mount.containerPath);
    if (wantsHostsFile(pod, paths, context.podIps)) {
      const hosts = await this.#hostsFile(context);
      if (typeof hosts !== "string") return hosts;
      const readonly = container.securityContext?.readOnlyRootFilesystem === true;
      mounts.push({ containerPath: "/etc/hosts", hostPath: hosts, ...(readonly && { readonly }), ...this.#relabel });
    }
    const uid = pod.metadata?.uid ?? "";
    const logPath = container.terminationMessagePath ?? "";
    if (logPath !== "") {
      const hostPath = await this.#files.createTerminationLog(uid, container.name, context.attempt);
      mounts.push({ containerPath: logPath, hostPath, ...this.#relabel });
    }
    return { mounts, devices: devices.devices };
  }

  async #volumeMount(
    context: MountContext,
    mount: VolumeMount,
    index: number,
  ): Promise<CriMount | { readonly error: string }> {
    const volume = context.volumes.get(mount.name);
    if (volume === undefined)
      return { error: `cannot find volume "${mount.name}" to mount into container "${context.container.name}"` };
    if (volume.isImage === true) return imageMount(context, mount);
    const recursive = recursiveReadOnly(mount, this.#runtime.recursiveReadOnlyMounts);
    if (typeof recursive !== "boolean") return recursive;
    const hostPath = await this.#hostPath(context, mount, index, volume);
    if (typeof hostPath !== "string") return hostPath;
    const propagation = PROPAGATION[mount.mountPropagation ?? ""];
    return {
      containerPath: mount.mountPath.startsWith("/") ? mount.mountPath : `/${mount.mountPath}`,
      hostPath,
      ...((mount.readOnly === true || volume.readOnly === true) && { readonly: true }),
      ...(recursive && { recursiveReadOnly: true }),
      ...(volume.isRelabelable === true && this.#relabel),
      ...(propagation !== undefined && { propagation }),
    };
  }

  /** Source of the error: kubelet_pods.go makeMounts; the reason after it is our own. */
  async #hostPath(
    { pod, container, environment }: MountContext,
    mount: VolumeMount,
    index: number,
    volume: MountedVolume,
  ): Promise<string | { readonly error: string }> {
    const subPath = subPathOf(mount, environment);
    if (typeof subPath !== "string") return subPath;
    if (subPath === "") return volume.path;
    const holder = { uid: pod.metadata?.uid ?? "", volume: mount.name, container: container.name, index };
    try {
      return await this.#files.subPath(volume.path, subPath, holder);
    } catch (error) {
      const what = `failed to prepare subPath for volumeMount "${mount.name}" of container "${container.name}"`;
      return { error: `${what}: ${errorMessage(error)}` };
    }
  }

  async #hostsFile(context: MountContext): Promise<string | { readonly error: string }> {
    const { pod, podIps, clusterDomain } = context;
    const name = podHostname(pod, clusterDomain);
    if ("error" in name) return name;
    const nodeHosts = pod.spec?.hostNetwork === true ? ((await this.#files.hostFile("/etc/hosts")) ?? "") : "";
    const { hostname, domain } = name;
    const content = hostsFileContent({ pod, podIps, hostname, domain, nodeHosts });
    return this.#files.writeHostsFile(pod.metadata?.uid ?? "", content);
  }
}

/** The runtime mounts it, read-only. Source: kubelet_pods.go makeMounts, kuberuntime_container.go makeMounts. */
function imageMount(context: MountContext, mount: VolumeMount): CriMount | { readonly error: string } {
  const image = context.volumeImages.get(mount.name);
  if (image === undefined) return { error: `the image of volume "${mount.name}" is not there` };
  const imageSubPath = subPathOf(mount, context.environment);
  if (typeof imageSubPath !== "string") return imageSubPath;
  return {
    containerPath: mount.mountPath.startsWith("/") ? mount.mountPath : `/${mount.mountPath}`,
    hostPath: "",
    readonly: true,
    image: { image },
    ...(imageSubPath !== "" && { imageSubPath }),
  };
}

/** Source: kubelet_pods.go makeBlockVolumes. */
function volumeDevices({
  container,
  volumes,
}: MountContext): { readonly devices: readonly CriDevice[] } | { readonly error: string } {
  const devices: CriDevice[] = [];
  for (const { name, devicePath } of container.volumeDevices ?? []) {
    const volume = volumes.get(name);
    if (volume?.isBlock !== true) {
      return { error: `cannot find volume "${name}" to pass into container "${container.name}"` };
    }
    const permissions = volume.readOnly === true ? "r" : "mrw";
    devices.push({ containerPath: devicePath, hostPath: volume.path, permissions });
  }
  return { devices };
}

/** Source: kubelet_pods.go resolveRecursiveReadOnly. */
function recursiveReadOnly(mount: VolumeMount, isSupported: boolean): boolean | { readonly error: string } {
  const { name, recursiveReadOnly: mode = "Disabled", readOnly, mountPropagation = "None" } = mount;
  if (mode === "Disabled") return false;
  const failed = (why: string) => ({ error: `failed to resolve recursive read-only mode: ${why}` });
  const asked = `volume "${name}" requested recursive read-only mode, but it is not`;
  if (mode !== "Enabled" && mode !== "IfPossible") return failed(`unknown recursive read-only mode "${mode}"`);
  if (readOnly !== true) return failed(`${asked} read-only`);
  if (mountPropagation !== "None") return failed(`${asked} compatible with propagation "${mountPropagation}"`);
  return isSupported || mode === "IfPossible" ? isSupported : failed(`${asked} supported by the runtime`);
}

function subPathOf(
  mount: VolumeMount,
  environment: readonly EnvironmentVariable[],
): string | { readonly error: string } {
  if (mount.subPathExpr === undefined || mount.subPathExpr === "") return mount.subPath ?? "";
  const expanded = expandSubPath(mount.subPathExpr, environment);
  return "error" in expanded ? expanded : expanded.subPath;
}
