/**
 * Storage of other machines, by this machine's own tools. A tool that is missing is `HostError` `NotFound` that names its
 * package. What hangs is given up after a while; nobody knows then whether it was done.
 */
import type { IscsiDisk } from "../core/volume/iscsi-disk.ts";

export interface NetworkStorage {
  /** `source` is "server:/path"; the target is made where missing. */
  mountNfs(source: string, target: string, options: readonly string[]): Promise<void>;
  /** Also where the server is away. Nothing mounted is success. */
  unmountNfs(target: string): Promise<void>;
  /** Logs in to the target and waits for the disk; its device. Idempotent. */
  loginIscsi(disk: IscsiDisk): Promise<string>;
  /** Ends the session, and with it every disk of that target. None is success. */
  logoutIscsi(disk: IscsiDisk): Promise<void>;
  /** Mounts a disk's filesystem; one that has none gets one of `fsType` ("": ext4) first, unless it is read-only. */
  mountDisk(device: string, target: string, fsType: string, options: readonly string[]): Promise<void>;
  /** Nothing mounted is success. */
  unmountDisk(target: string): Promise<void>;
}
