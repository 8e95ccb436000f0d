/**
 * Directories, devices and small records of storage that outlives pods or lies outside of their directories. Nothing is
 * ever deleted through a mount point, and nothing but what is empty or a record of ours.
 */
export interface StorageFiles {
  /** A directory for the data of a claim that every user can write to; one that is there stays as it is. */
  claimDirectory(path: string): Promise<void>;
  /** A directory of the agent's own with its parents (0750), made where missing. */
  makeDirectory(path: string): Promise<void>;
  /** Names of the directories in it; none where it is not there. */
  listDirectories(path: string): Promise<readonly string[]>;
  /** Removes an empty directory or a file without content; nothing there is success. Rejects `Busy` where something is in it or mounted on it. */
  removeEmpty(path: string): Promise<void>;
  /** Something is mounted there. */
  isMountPoint(path: string): Promise<boolean>;
  /** What stands there; `undefined`: nothing. Links are followed. */
  kindOf(path: string): Promise<"directory" | "file" | "blockDevice" | "other" | undefined>;
  /** JSON that was written by `writeRecord`; `undefined`: there is none, or none that is whole. */
  readRecord(path: string): Promise<unknown>;
  /** Writes whole or not at all. */
  writeRecord(path: string, fields: Readonly<Record<string, string>>): Promise<void>;
  removeRecord(path: string): Promise<void>;
}
