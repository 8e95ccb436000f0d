/**
 * A pod's own files on the machine: directories under the agent's root, volume contents, the hosts file, termination
 * logs. Nothing here is ever deleted through a mount point or outside the agent's root.
 */
export interface PodFiles {
  /** UIDs that have a directory under the root, unordered. */
  listPods(): Promise<readonly string[]>;
  /** Creates the pod's directories where missing, its log directory among them. */
  preparePod(uid: string, logDirectory: string): Promise<void>;
  /** Unmounts what the agent mounted for the pod and removes its directory. `false`: something is still mounted in it. */
  removePod(uid: string): Promise<boolean>;

  /** Directory of an emptyDir, created where missing; "Memory" is a tmpfs of `sizeLimitBytes` (absent: no limit of its own). */
  emptyDir(uid: string, volume: string, options: EmptyDirOptions): Promise<string>;
  /** Puts `files` into a volume directory, all at once (readers see the old set or the new one, never a mixture). */
  writePayload(uid: string, volume: PayloadVolume, files: readonly PayloadFile[]): Promise<string>;
  /** Checks (and for `...OrCreate` creates) a hostPath; rejects with `HostError` in the kubelet's words. */
  hostPath(path: string, type: string): Promise<string>;
  /**
   * Existing path below `volumePath` for a subPath mount, created as a directory where missing, never outside of it.
   * With `holder` the path is a bind mount under the pod's directory, so that a container that writes into the volume
   * cannot move the place away before the runtime mounts it; `removePod` takes it away.
   */
  subPath(volumePath: string, subPath: string, holder?: SubPathHolder): Promise<string>;

  /** Writes the pod's hosts file and returns its path. */
  writeHostsFile(uid: string, content: string): Promise<string>;
  /** The machine's own /etc/hosts content and resolver settings, for pods that use them. */
  hostFile(path: string): Promise<string | undefined>;
  /** A fresh empty file that becomes the container's termination log. */
  createTerminationLog(uid: string, container: string, attempt: number): Promise<string>;
  /** At most the last `maxBytes` of a file as UTF-8; "" when it is not there. */
  readTail(path: string, maxBytes: number): Promise<string>;
}

/** `medium`: "", "Memory", "HugePages" or "HugePages-<size>"; `hugePageBytes` is the page size where the medium names none. */
export interface EmptyDirOptions {
  readonly medium: string;
  readonly sizeLimitBytes?: number;
  readonly hugePageBytes?: number;
}

/** Whose subPath mount it is; `index` counts the container's volume mounts. */
export interface SubPathHolder {
  readonly uid: string;
  readonly volume: string;
  readonly container: string;
  readonly index: number;
}

/** `kind` is the plugin directory name of the kubelet: "kubernetes.io~configmap", "kubernetes.io~secret" ... */
export interface PayloadVolume {
  readonly kind: string;
  readonly name: string;
  /** true: on tmpfs, never on a disk (secrets). */
  readonly inMemory: boolean;
}

export interface PayloadFile {
  /** Relative, without "..". */
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array;
}
