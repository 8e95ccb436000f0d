/** Storage in memory: paths and what stands there. */
import { HostError } from "../../src/ports/errors.ts";
import type { StorageFiles } from "../../src/ports/storage-files.ts";

export class FakeStorageFiles implements StorageFiles {
  readonly directories = new Set<string>();
  readonly records = new Map<string, Readonly<Record<string, string>>>();
  readonly mounts = new Set<string>();
  readonly devices = new Set<string>();
  /** Those that `claimDirectory` made, which nothing here ever takes away. */
  readonly claims = new Set<string>();

  async claimDirectory(path: string): Promise<void> {
    this.claims.add(path);
    this.directories.add(path);
  }

  async makeDirectory(path: string): Promise<void> {
    this.directories.add(path);
  }

  async listDirectories(path: string): Promise<readonly string[]> {
    const below = [...this.directories].filter((directory) => directory.startsWith(`${path}/`));
    return [...new Set(below.map((directory) => directory.slice(path.length + 1).split("/")[0] ?? ""))];
  }

  async removeEmpty(path: string): Promise<void> {
    const isUsed = this.mounts.has(path) || [...this.records.keys()].some((record) => record.startsWith(`${path}/`));
    if (isUsed) throw new HostError("Busy", path, `${path} is in use`);
    this.directories.delete(path);
  }

  isMountPoint = async (path: string): Promise<boolean> => this.mounts.has(path);

  async kindOf(path: string): Promise<"directory" | "blockDevice" | undefined> {
    if (this.devices.has(path)) return "blockDevice";
    return this.directories.has(path) ? "directory" : undefined;
  }

  readRecord = async (path: string): Promise<unknown> => this.records.get(path);

  async writeRecord(path: string, fields: Readonly<Record<string, string>>): Promise<void> {
    this.records.set(path, fields);
  }

  async removeRecord(path: string): Promise<void> {
    this.records.delete(path);
  }
}
