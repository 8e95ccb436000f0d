import type { DatabaseSync } from "node:sqlite";
import { HostError, type HostErrorCode } from "../../ports/errors.ts";

type Sqlite = typeof import("node:sqlite");

/** node:sqlite, loaded without its note that it is experimental: the runtime is pinned. */
export function loadSqlite(): Sqlite {
  const emitWarning = process.emitWarning;
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** SQLite result codes (sqlite.org/rescode.html), the primary part of the extended ones. */
const codes: Readonly<Record<number, HostErrorCode>> = {
  3: "Denied",
  5: "Busy",
  6: "Busy",
  7: "NoSpace",
  8: "ReadOnly",
  13: "NoSpace",
  14: "NotFound",
  18: "Invalid",
};
const CORRUPT = 11;
const NOTADB = 26;

/** The primary SQLite result code of an error; `undefined`: it is not SQLite's. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  return error.errcode & 0xff;
}

/** The database file is damaged, or no database at all. */
export function isDamaged(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === CORRUPT || code === NOTADB;
}

export function sqliteError(error: unknown, path: string): HostError {
  if (error instanceof HostError) return error;
  const code = codes[sqliteCode(error) ?? -1] ?? "Other";
  return new HostError(code, path, error instanceof Error ? error.message : String(error), { cause: error });
}

export type { DatabaseSync };
