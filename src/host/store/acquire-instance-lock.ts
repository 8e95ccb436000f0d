import { mkdirSync, readFileSync, statSync } from "node:fs";
import { HostError } from "../../ports/errors.ts";
import { type DatabaseSync, loadSqlite, sqliteCode } from "./sqlite.ts";

export interface InstanceLock {
  /** Gives the root free. The death of the process does so too. */
  release(): void;
}

/** A database that nobody refers to is closed by the garbage collector, and its lock with it. */
const held = new Set<DatabaseSync>();

const BUSY = 5;
const LOCKED = 6;

/**
 * Makes sure that this is the only agent on `rootDir`, or rejects with HostError `Busy` that names the other's process
 * id. The lock is the kernel's record lock on `<rootDir>/agent.lock`, taken by SQLite: it ends with the process however
 * that dies, no child inherits it, and other network or mount namespaces see it too.
 */
export function acquireInstanceLock(rootDir: string): InstanceLock {
  const path = `${rootDir}/agent.lock`;
  mkdirSync(rootDir, { recursive: true, mode: 0o750 });
  const database = new (loadSqlite().DatabaseSync)(path, { timeout: 0 });
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE;");
  } catch (error) {
    const holder = sqliteCode(error) === BUSY || sqliteCode(error) === LOCKED ? lockHolder(path) : undefined;
    database.close();
    if (holder === undefined)
      throw new HostError("Other", path, `cannot lock ${path}: ${String(error)}`, { cause: error });
    throw new HostError("Busy", path, `another agent (process ${holder}) is running on ${rootDir}`, { cause: error });
  }
  held.add(database);
  return {
    release() {
      if (held.delete(database)) database.close();
    },
  };
}

/** The process that holds a lock on the file, from /proc/locks. */
function lockHolder(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  // The kernel's old device encoding as in stat(2): 12 bits of major, 20 bits of minor in two parts.
  const [major, minor] = [(dev >> 8n) & 0xfffn, (dev & 0xffn) | ((dev >> 12n) & 0xfff00n)];
  const hex = (value: bigint): string => value.toString(16).padStart(2, "0");
  const file = `${hex(major)}:${hex(minor)}:${ino}`;
  for (const line of readFileSync("/proc/locks", "utf8").split("\n")) {
    const fields = line.trim().split(/\s+/);
    const [, , , mode, pid, place] = fields;
    if (mode === "WRITE" && place === file && pid !== undefined) return pid;
  }
  return "unknown";
}
