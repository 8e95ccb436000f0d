/** The agent's durable records: they outlive it. */
import type { RecordStore } from "../../ports/record-store.ts";
import type { Line } from "../line.ts";

interface Table {
  /** As they were when they were put, frozen. */
  readonly rows: Map<string, unknown>;
  /** Sorted; `undefined`: not known since a key came or went. */
  keys: readonly string[] | undefined;
  version: number;
}

export class SimRecords {
  readonly #tables = new Map<string, Table>();
  readonly #shared: boolean;

  /** `shared`: every reader gets the same frozen value, which is quick; else each gets its own. */
  constructor({ shared }: { readonly shared: boolean }) {
    this.#shared = shared;
  }

  keys(table: string): readonly string[] {
    const of = this.#of(table);
    of.keys ??= [...of.rows.keys()].sort();
    return of.keys;
  }

  /** Another number after each change of the table. */
  version(table: string): number {
    return this.#of(table).version;
  }

  get(table: string, key: string): unknown {
    const value = this.#of(table).rows.get(key);
    return this.#shared || value === undefined ? value : JSON.parse(JSON.stringify(value));
  }

  put(table: string, key: string, value: unknown): void {
    const of = this.#of(table);
    if (!of.rows.has(key)) of.keys = undefined;
    of.rows.set(key, frozenCopy(value));
    of.version += 1;
  }

  delete(table: string, key: string): void {
    const of = this.#of(table);
    if (!of.rows.delete(key)) return;
    of.keys = undefined;
    of.version += 1;
  }

  #of(table: string): Table {
    const known = this.#tables.get(table);
    if (known !== undefined) return known;
    const made: Table = { rows: new Map(), keys: undefined, version: 0 };
    this.#tables.set(table, made);
    return made;
  }
}

/** Reads never fail; a write may, as on a disk that is full. An agent that is gone writes nothing. */
export function simRecordStore(records: SimRecords, line: Line): RecordStore {
  return {
    get: (table, key) => records.get(table, key),
    put: (table, key, value) => line.direct("store", "put", () => records.put(table, key, value)),
    delete: (table, key) => line.direct("store", "delete", () => records.delete(table, key)),
    list: (table) => records.keys(table).map((key) => ({ key, value: records.get(table, key) })),
  };
}

/** What JSON would make of plain data. */
function frozenCopy(value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return null;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map((item) => frozenCopy(item ?? null)));
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new TypeError("only plain data can be stored");
  const copy: Record<string, unknown> = {};
  for (const name in value) {
    const field: unknown = (value as Readonly<Record<string, unknown>>)[name];
    if (field !== undefined) copy[name] = frozenCopy(field);
  }
  return Object.freeze(copy);
}
