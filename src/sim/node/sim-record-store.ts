/** The agent's durable records: they outlive it. */
import type { RecordStore } from "../../ports/record-store.ts";
import type { Line } from "../line.ts";

export class SimRecords {
  readonly #tables = new Map<string, Map<string, string>>();

  table(name: string): Map<string, string> {
    const table = this.#tables.get(name) ?? new Map<string, string>();
    this.#tables.set(name, table);
    return table;
  }
}

/** Reads never fail; a write may, as on a disk that is full. An agent that is gone writes nothing. */
export function simRecordStore(records: SimRecords, line: Line): RecordStore {
  const parsed = (text: string): unknown => JSON.parse(text);
  return {
    get(table, key) {
      const text = records.table(table).get(key);
      return text === undefined ? undefined : parsed(text);
    },
    put(table, key, value) {
      line.direct("store", "put", () => void records.table(table).set(key, JSON.stringify(value)));
    },
    delete(table, key) {
      line.direct("store", "delete", () => void records.table(table).delete(key));
    },
    list(table) {
      return [...records.table(table)]
        .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
        .map(([key, text]) => ({ key, value: parsed(text) }));
    },
  };
}
