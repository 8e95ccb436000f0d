import type { VolumeFiles } from "./volume-files.ts";

/**
 * A pod's own files on the machine: directories under the agent's root, volume contents, the hosts file, termination
 * logs. Nothing here is ever deleted through a mount point or outside the agent's root.
 */
export interface PodFiles extends VolumeFiles {
  /** UIDs that have a directory under the root, unordered. */
  listPods(): Promise<readonly string[]>;
  /** Creates the pod's directories where missing, its log directory among them. */
  preparePod(uid: string, logDirectory: string): Promise<void>;
  /** Unmounts what the agent mounted for the pod and removes its directory. `false`: something is still mounted in it. */
  removePod(uid: string): Promise<boolean>;

  /** Writes the pod's hosts file and returns its path. */
  writeHostsFile(uid: string, content: string): Promise<string>;
  /** The machine's own /etc/hosts content and resolver settings, for pods that use them. */
  hostFile(path: string): Promise<string | undefined>;
  /** A fresh empty file that becomes the container's termination log. */
  createTerminationLog(uid: string, container: string, attempt: number): Promise<string>;
  /** At most the last `maxBytes` of a file as UTF-8; "" when it is not there. */
  readTail(path: string, maxBytes: number): Promise<string>;
}
