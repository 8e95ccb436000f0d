import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { RecordStore } from "../../src/ports/record-store.ts";

export interface RecordStoreUnderTest {
  readonly store: RecordStore;
  /** The store as the agent finds it after it died without closing it. */
  readonly afterCrash: () => Promise<RecordStore>;
  readonly close: () => Promise<void>;
}

/** What every RecordStore must hold. */
export function recordStoreContract(name: string, create: () => Promise<RecordStoreUnderTest>): void {
  describe(`RecordStore: ${name}`, () => {
    let under: RecordStoreUnderTest;
    let store: RecordStore;
    beforeEach(async () => {
      under = await create();
      store = under.store;
    });
    afterEach(() => under.close());

    it("gives back what was put, by table and key", () => {
      store.put("status", "a", { phase: "Running", restarts: [1, 2], none: null, text: "\u00e4 \u0000 'quote'" });
      store.put("events", "a", "other");
      assert.deepEqual(store.get("status", "a"), {
        phase: "Running",
        restarts: [1, 2],
        none: null,
        text: "\u00e4 \u0000 'quote'",
      });
      assert.equal(store.get("events", "a"), "other");
    });

    it("knows nothing of what never was", () => {
      assert.equal(store.get("status", "a"), undefined);
      assert.deepEqual(store.list("status"), []);
      store.delete("status", "a");
    });

    it("replaces and deletes", () => {
      store.put("status", "a", 1);
      store.put("status", "a", 2);
      store.put("status", "b", 3);
      store.delete("status", "a");
      assert.equal(store.get("status", "a"), undefined);
      assert.deepEqual(store.list("status"), [{ key: "b", value: 3 }]);
    });

    it("lists a table in the order of its keys", () => {
      for (const key of ["b", "a", "B", "10", "9"]) store.put("t", key, key);
      store.put("u", "c", "c");
      const keys = store.list("t").map((record) => record.key);
      assert.deepEqual(keys, ["10", "9", "B", "a", "b"]);
    });

    it("keeps records apart from the values that callers go on changing", () => {
      const value = { list: [1] };
      store.put("t", "k", value);
      value.list.push(2);
      const got = store.get("t", "k") as { list: number[] };
      assert.deepEqual(got, { list: [1] });
      got.list.push(3);
      assert.deepEqual(store.get("t", "k"), { list: [1] });
    });

    it("keeps every write that returned when the agent dies", async () => {
      for (let n = 0; n < 50; n++) store.put("t", `k${n % 7}`, n);
      store.delete("t", "k3");
      const before = store.list("t");
      const again = await under.afterCrash();
      assert.deepEqual(again.list("t"), before);
      again.put("t", "after", true);
      assert.equal(again.get("t", "after"), true);
    });
  });
}
