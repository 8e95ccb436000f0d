import { containerInfoFromLabels } from "../../core/cri/labels.ts";
import { containerLogLink } from "../../core/logs/log-paths.ts";
import type { LogFiles } from "../../ports/log-files.ts";
import type { RuntimeService } from "../../ports/runtime.ts";

export interface ContainerRemoverPorts {
  readonly runtime: Pick<RuntimeService, "containerStatus" | "removeContainer">;
  readonly logFiles: Pick<LogFiles, "removeContainerLogs">;
}

/** Removes dead containers with their logs. Source: kubelet kuberuntime_container.go removeContainer. */
export class ContainerRemover {
  readonly #ports: ContainerRemoverPorts;
  readonly #options: { readonly logLinksRoot: string };

  constructor(ports: ContainerRemoverPorts, options: { readonly logLinksRoot: string }) {
    this.#ports = ports;
    this.#options = options;
  }

  /** Rejects with RuntimeError, its logs left as they are, when the container cannot be removed. */
  async remove(containerId: string): Promise<void> {
    const { runtime, logFiles } = this.#ports;
    const status = await runtime.containerStatus(containerId);
    await runtime.removeContainer(containerId);
    if (status === undefined) return;
    const { podName, podNamespace, podUid, containerName } = containerInfoFromLabels(status.labels, {});
    const pod = { name: podName, namespace: podNamespace, uid: podUid };
    const link = containerLogLink(pod, containerName, containerId, this.#options.logLinksRoot);
    await logFiles.removeContainerLogs(status.logPath, link);
  }
}
