import type { RuntimeContainerStatus } from "../pod/runtime-status.ts";
import { containerInfoFromLabels } from "./labels.ts";
import type { CriContainerStatus } from "./types.ts";

/**
 * A container of the runtime as decisions see it. Times and the exit that do not belong to its state are left at 0 and "".
 * The message is the runtime's own; `withTerminationMessage` adds the container's.
 * Source: kubelet kuberuntime_container.go toKubeContainerStatus.
 */
export function toRuntimeContainerStatus(status: CriContainerStatus, sandboxId: string): RuntimeContainerStatus {
  const info = containerInfoFromLabels(status.labels, status.annotations);
  const { containerName, hash, restartCount, podTerminationGraceSeconds, preStop, ports } = info;
  const ending = {
    ...(podTerminationGraceSeconds !== undefined && { graceSeconds: podTerminationGraceSeconds }),
    ...(preStop !== undefined && { preStop }),
    ...(ports !== undefined && { ports }),
  };
  const started = status.state !== "CONTAINER_CREATED";
  const exited = status.state === "CONTAINER_EXITED";
  return {
    id: status.id,
    name: containerName,
    sandboxId,
    state: status.state,
    createdAtMs: status.createdAtMs,
    startedAtMs: started ? status.startedAtMs : 0,
    finishedAtMs: exited ? status.finishedAtMs : 0,
    exitCode: exited ? status.exitCode : 0,
    image: status.image.image,
    imageId: status.imageRef,
    reason: exited ? status.reason : "",
    message: exited ? status.message : "",
    restartCount,
    hash,
    ...(Object.keys(ending).length > 0 && { ending }),
  };
}
