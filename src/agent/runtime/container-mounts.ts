/**
 * What is mounted into a container: its volume mounts, the hosts file and the termination log.
 * Source: kubelet kubelet_pods.go makeMounts, makeHostsMount; kuberuntime_container.go makeMounts.
 */
import type { Container, Pod, VolumeMount } from "../../core/api/types.ts";
import type { CriMount, MountPropagation } from "../../core/cri/types.ts";
import { expandSubPath } from "../../core/expansion/container-command.ts";
import type { EnvironmentVariable } from "../../core/pod/environment.ts";
import { hostsFileContent, wantsHostsFile } from "../../core/pod/hosts-file.ts";
import { podHostname } from "../../core/pod/names.ts";
import type { MountedVolume } from "../../core/volume/state.ts";
import type { PodFiles } from "../../ports/pod-files.ts";

export interface MountContext {
  readonly pod: Pod;
  readonly container: Container;
  readonly attempt: number;
  readonly podIps: readonly string[];
  /** By name. */
  readonly volumes: ReadonlyMap<string, MountedVolume>;
  readonly environment: readonly EnvironmentVariable[];
  readonly clusterDomain: string;
}

export type MountsResult = { readonly mounts: readonly CriMount[] } | { readonly error: string };

const PROPAGATION: Readonly<Record<string, MountPropagation>> = {
  HostToContainer: "PROPAGATION_HOST_TO_CONTAINER",
  Bidirectional: "PROPAGATION_BIDIRECTIONAL",
};

export class ContainerMounts {
  readonly #files: PodFiles;

  constructor(files: PodFiles) {
    this.#files = files;
  }

  async prepare(context: MountContext): Promise<MountsResult> {
    const { pod, container } = context;
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
      mounts.push({ containerPath: "/etc/hosts", hostPath: hosts, ...(readonly && { readonly }) });
    }
    const uid = pod.metadata?.uid ?? "";
    const logPath = container.terminationMessagePath ?? "";
    if (logPath !== "") {
      const hostPath = await this.#files.createTerminationLog(uid, container.name, context.attempt);
      mounts.push({ containerPath: logPath, hostPath });
    }
    return { mounts };
  }

  async #volumeMount(
    context: MountContext,
    mount: VolumeMount,
    index: number,
  ): Promise<CriMount | { readonly error: string }> {
    const volume = context.volumes.get(mount.name);
    if (volume === undefined)
      return { error: `cannot find volume "${mount.name}" to mount into container "${context.container.name}"` };
    const subPath = subPathOf(mount, context.environment);
    if (typeof subPath !== "string") return subPath;
    const holder = {
      uid: context.pod.metadata?.uid ?? "",
      volume: mount.name,
      container: context.container.name,
      index,
    };
    const hostPath = subPath === "" ? volume.path : await this.#files.subPath(volume.path, subPath, holder);
    const propagation = PROPAGATION[mount.mountPropagation ?? ""];
    return {
      containerPath: mount.mountPath.startsWith("/") ? mount.mountPath : `/${mount.mountPath}`,
      hostPath,
      ...((mount.readOnly === true || volume.readOnly === true) && { readonly: true }),
      ...(propagation !== undefined && { propagation }),
    };
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

function subPathOf(
  mount: VolumeMount,
  environment: readonly EnvironmentVariable[],
): string | { readonly error: string } {
  if (mount.subPathExpr === undefined || mount.subPathExpr === "") return mount.subPath ?? "";
  const expanded = expandSubPath(mount.subPathExpr, environment);
  return "error" in expanded ? expanded : expanded.subPath;
}
