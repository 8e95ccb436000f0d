/** The agent's durable records: they outlive it. */
import type { RecordStore } from "../../ports/record-store.ts";
import type { Line } from "../line.ts";

interface StoredRecord {
  readonly text: string;
  /** Read at most once; frozen, so that every reader can have the same. */
  value: unknown;
  isRead: boolean;
}

export class SimRecords {
  readonly #tables = new Map<string, Map<string, StoredRecord>>();
  readonly #shared: boolean;

  /** `shared`: every reader gets the same frozen value, which is quick; else each gets its own. */
  constructor({ shared }: { readonly shared: boolean }) {
    this.#shared = shared;
  }

  keys(table: string): readonly string[] {
    return [...this.#of(table).keys()].sort();
  }

  get(table: string, key: string): unknown {
    const record = this.#of(table).get(key);
    if (record === undefined) return undefined;
    if (!this.#shared) return JSON.parse(record.text);
    if (!record.isRead) {
      record.value = frozen(JSON.parse(record.text));
      record.isRead = true;
    }
    return record.value;
  }

  put(table: string, key: string, value: unknown): void {
    this.#of(table).set(key, { text: JSON.stringify(value), value: undefined, isRead: false });
  }

  delete(table: string, key: string): void {
    this.#of(table).delete(key);
  }

  #of(table: string): Map<string, StoredRecord> {
    const rows = this.#tables.get(table) ?? new Map<string, StoredRecord>();
    this.#tables.set(table, rows);
    return rows;
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

function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
