import { chmodSync, closeSync, existsSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname } from "node:path";
import { errorMessage, HostError } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { RecordStore } from "../../ports/record-store.ts";
import { type DatabaseSync, isDamaged, loadSqlite, sqliteError } from "./sqlite.ts";

export interface RecordStoreOptions {
  /** The database file; SQLite keeps `-wal` and `-shm` beside it. */
  readonly path: string;
  readonly log: Log;
}

/** A RecordStore that has to be closed at the end. */
export interface OpenRecordStore extends RecordStore {
  close(): void;
}

/** Damaged databases that are kept for a look at them. */
const keptDamaged = 3;

/**
 * Records in an SQLite database. A write is in the kernel's hands when the call returns, so it survives the death of
 * the agent; after a power cut the database is whole, but the last writes may be missing (WAL with synchronous=NORMAL:
 * an fsync per write would cost milliseconds). A damaged file is moved aside, what can still be read is taken over.
 */
export function createRecordStore(options: RecordStoreOptions): OpenRecordStore {
  const { path, log } = options;
  let tables = openWhole(path, log);

  function run<T>(work: (open: Tables) => T): T {
    try {
      return work(tables);
    } catch (error) {
      if (!isDamaged(error)) throw sqliteError(error, path);
      tables = replaceDamaged(path, log, error, tables);
      return work(tables);
    }
  }

  return {
    get: (table, key) => run((open) => parse(open.get.get(table, key)?.["value"])),
    put(table, key, value) {
      const text = JSON.stringify(value);
      if (text === undefined) throw new HostError("Invalid", path, `no JSON value for ${table}/${key}`);
      run((open) => open.put.run(table, key, text));
    },
    delete: (table, key) => void run((open) => open.delete.run(table, key)),
    list: (table) =>
      run((open) => open.list.all(table)).map((row) => ({ key: String(row["key"]), value: parse(row["value"]) })),
    close: () => tables.database.close(),
  };
}

interface Tables {
  readonly database: DatabaseSync;
  readonly get: Statement;
  readonly put: Statement;
  readonly delete: Statement;
  readonly list: Statement;
}
type Statement = ReturnType<DatabaseSync["prepare"]>;

function openWhole(path: string, log: Log): Tables {
  try {
    return open(path, true);
  } catch (error) {
    if (!isDamaged(error)) throw sqliteError(error, path);
    return replaceDamaged(path, log, error, undefined);
  }
}

function open(path: string, check: boolean): Tables {
  const { DatabaseSync } = loadSqlite();
  makePrivate(path);
  const database = new DatabaseSync(path, { timeout: 5000 });
  try {
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -512;");
    database.exec("PRAGMA journal_size_limit = 4194304; PRAGMA wal_autocheckpoint = 256; PRAGMA temp_store = MEMORY;");
    if (check) checkWhole(database);
    database.exec(
      "CREATE TABLE IF NOT EXISTS records (tbl TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (tbl, key)) WITHOUT ROWID, STRICT",
    );
    return {
      database,
      get: database.prepare("SELECT value FROM records WHERE tbl = ? AND key = ?"),
      put: database.prepare(
        "INSERT INTO records (tbl, key, value) VALUES (?, ?, ?) ON CONFLICT (tbl, key) DO UPDATE SET value = excluded.value",
      ),
      delete: database.prepare("DELETE FROM records WHERE tbl = ? AND key = ?"),
      list: database.prepare("SELECT key, value FROM records WHERE tbl = ? ORDER BY key"),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The records hold Secrets. SQLite gives the files beside the database the same mode. */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, "a", 0o600));
    chmodSync(path, 0o600);
  } catch {
    // What is wrong with the place is told by opening the database.
  }
}

function checkWhole(database: DatabaseSync): void {
  const [row] = database.prepare("PRAGMA quick_check(1)").all();
  const verdict = String(row === undefined ? "" : Object.values(row)[0]);
  if (verdict !== "ok") throw Object.assign(new Error(verdict), { errcode: 11 });
}

function replaceDamaged(path: string, log: Log, problem: unknown, old: Tables | undefined): Tables {
  const saved = readWhatIsLeft(path, old);
  old?.database.close();
  const aside = moveAside(path);
  const fresh = open(path, false);
  for (const { table, key, value } of saved) fresh.put.run(table, key, value);
  log.error("The record database was damaged: moved aside, a new one started", {
    path,
    aside,
    problem: errorMessage(problem),
    recordsTakenOver: saved.length,
  });
  return fresh;
}

interface SavedRecord {
  readonly table: string;
  readonly key: string;
  readonly value: string;
}

function readWhatIsLeft(path: string, old: Tables | undefined): readonly SavedRecord[] {
  const saved: SavedRecord[] = [];
  try {
    const database = old?.database ?? new (loadSqlite().DatabaseSync)(path);
    try {
      for (const row of database.prepare("SELECT tbl, key, value FROM records").iterate()) {
        const [table, key, value] = [row["tbl"], row["key"], row["value"]];
        if (typeof table !== "string" || typeof key !== "string" || typeof value !== "string") continue;
        if (isJson(value)) saved.push({ table, key, value });
      }
    } finally {
      if (old === undefined) database.close();
    }
  } catch {
    // The rest is lost: that is what "damaged" means.
  }
  return saved;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function moveAside(path: string): string {
  const stamp = new Date().toISOString().replace(/[-:.]/g, "");
  let aside = `${path}.damaged-${stamp}`;
  for (let n = 1; existsSync(aside); n++) aside = `${path}.damaged-${stamp}-${n}`;
  renameSync(path, aside);
  for (const suffix of ["-wal", "-shm"]) {
    // A log of the damaged file must never be played into the new one.
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  const prefix = `${basename(path)}.damaged-`;
  const all = readdirSync(dirname(path)).filter((name) => name.startsWith(prefix) && !/-(wal|shm)$/.test(name));
  for (const name of all.toSorted().slice(0, -keptDamaged)) {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${dirname(path)}/${name}${suffix}`, { force: true });
  }
  return aside;
}

function parse(value: unknown): unknown {
  return typeof value === "string" ? JSON.parse(value) : undefined;
}
