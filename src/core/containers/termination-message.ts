/**
 * The last words of a container: kubelet kuberuntime_container.go getTerminationMessage, readLastStringFromContainerLogs.
 */
import { containerInfoFromLabels } from "../cri/labels.ts";
import type { CriContainerStatus } from "../cri/types.ts";
import type { RuntimeContainerStatus } from "../pod/runtime-status.ts";

/** At most this much of the end of a termination message file counts. */
export const MAX_TERMINATION_MESSAGE_BYTES = 4096;
/** Of the log's end, what stands in for an empty message. */
export const MAX_FALLBACK_LOG_BYTES = 2048;
/** Of the log's end, how many lines may stand in for an empty message. */
export const MAX_FALLBACK_LOG_LINES = 80;

/** Where to read the message of an exited container; both absent or false: it has none. */
export interface TerminationMessageSource {
  /** File on the machine; absent: the container has no such file. */
  readonly path?: string;
  /** Read the log's end where the file is missing or empty. */
  readonly fallbackToLog: boolean;
}

/** Where the last words of an exited container are; a container in any other state has none. */
export function terminationMessageSource(status: CriContainerStatus): TerminationMessageSource {
  if (status.state !== "CONTAINER_EXITED") return { fallbackToLog: false };
  const info = containerInfoFromLabels(status.labels, status.annotations);
  const mount = status.mounts.find(({ containerPath }) => containerPath === info.terminationMessagePath);
  return {
    ...(mount !== undefined && info.terminationMessagePath !== "" && { path: mount.hostPath }),
    fallbackToLog:
      info.terminationMessagePolicy === "FallbackToLogsOnError" &&
      status.exitCode !== 0 &&
      status.reason !== "ContainerCannotRun",
  };
}

/** Appends what the container said to what the runtime said. */
export function withTerminationMessage(status: RuntimeContainerStatus, message: string): RuntimeContainerStatus {
  if (message === "") return status;
  return { ...status, message: status.message === "" ? message : `${status.message}: ${message}` };
}
