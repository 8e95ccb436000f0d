/**
 * Where container logs lie: kubelet kuberuntime/helpers.go BuildPodLogsDirectory and BuildContainerLogsPath,
 * kuberuntime/legacy.go.
 */

/** The kubelet's directory of pod logs. */
export const POD_LOGS_ROOT = "/var/log/pods";
/** The kubelet's directory of links to container logs, which log collectors read. */
export const CONTAINER_LOGS_ROOT = "/var/log/containers";

const MAX_FILE_NAME = 255;
const LINK_SUFFIX = ".log";

/** What a pod's log names are made of. */
export interface PodIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Name of a pod's directory below the pod log root: `<namespace>_<name>_<uid>`. */
export function podLogDirectoryName({ namespace, name, uid }: PodIdentity): string {
  return `${namespace}_${name}_${uid}`;
}

/** Absolute path of a pod's logs: the sandbox's `logDirectory`. */
export function podLogDirectory(pod: PodIdentity, root: string = POD_LOGS_ROOT): string {
  return `${root}/${podLogDirectoryName(pod)}`;
}

/** UID of the pod that owns a log directory of this name: what follows the last underscore, else the whole name. */
export function podUidOfLogDirectory(directoryName: string): string {
  return directoryName.slice(directoryName.lastIndexOf("_") + 1);
}

/** A container's log relative to its pod's log directory. */
export function containerLogPath(containerName: string, restartCount: number): string {
  return `${containerName}/${restartCount}.log`;
}

/** Restart count that a log name (`3.log`, `3.log.20240102-030405.gz`) belongs to; `undefined`: not a container log. */
export function restartCountOfLog(fileName: string): number | undefined {
  const match = /^(\d+)\.log(?:\.|$)/.exec(fileName);
  return match === null ? undefined : Number(match[1]);
}

/** Highest restart count that left a log among `fileNames`; `undefined`: there is none. */
export function latestRestartCount(fileNames: readonly string[]): number | undefined {
  const counts = fileNames.map(restartCountOfLog).filter((count) => count !== undefined);
  return counts.length === 0 ? undefined : Math.max(...counts);
}

/** Name of the link to a container's log, cut so that it is a valid file name: `<pod>_<namespace>_<container>-<id>.log`. */
export function containerLogLinkName(pod: PodIdentity, containerName: string, containerId: string): string {
  const name = `${pod.name}_${pod.namespace}_${containerName}-${containerId}`;
  return name.slice(0, MAX_FILE_NAME - LINK_SUFFIX.length) + LINK_SUFFIX;
}

/** Absolute path of the link to a container's log. */
export function containerLogLink(
  pod: PodIdentity,
  containerName: string,
  containerId: string,
  root: string = CONTAINER_LOGS_ROOT,
): string {
  return `${root}/${containerLogLinkName(pod, containerName, containerId)}`;
}

/** Container ID of a link name made by `containerLogLinkName`; `undefined`: another kind of name. */
export function containerIdOfLogLink(linkName: string): string | undefined {
  const match = /^.*-([^-]+)\.log$/.exec(linkName);
  return match?.[1];
}
