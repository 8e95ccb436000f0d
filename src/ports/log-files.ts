/** Container log files in the kubelet's layout: directories per pod under one root, and the links beside it. */
export interface LogFiles {
  /** Names of the pod log directories, unordered. */
  listPodDirectories(): Promise<readonly string[]>;
  removePodDirectory(name: string): Promise<void>;
  /** Files of one container's log directory (`path` = its newest log), with size and time of change. */
  listRotated(path: string): Promise<readonly LogFile[]>;
  /** File names in a directory, unordered; empty when it is not there. */
  listNames(directory: string): Promise<readonly string[]>;
  /** Size of a log in bytes; `undefined`: not there. */
  size(path: string): Promise<number | undefined>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Writes `from` gzipped to `to` (through a temporary file) and removes `from`. */
  compress(from: string, to: string): Promise<void>;
  /** Makes `link` point to `target`, replacing an older link. */
  link(link: string, target: string): Promise<void>;
  /** Removes links whose target is gone, except those that `keep` wants (a running container's, amid a rotation). */
  removeDanglingLinks(keep?: (linkName: string) => boolean): Promise<void>;
  /** Log paths that a container left (`<n>.log*`), removed with it. */
  removeContainerLogs(path: string, link: string): Promise<void>;
}

export interface LogFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}
