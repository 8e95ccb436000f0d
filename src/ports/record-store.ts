/** Small durable records, JSON by table and key: pod statuses, events, node facts. A write that returned survives a crash. */
export interface RecordStore {
  get(table: string, key: string): unknown;
  put(table: string, key: string, value: unknown): void;
  delete(table: string, key: string): void;
  /** All records of a table, ordered by key. */
  list(table: string): readonly { readonly key: string; readonly value: unknown }[];
}
