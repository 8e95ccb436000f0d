import { copyFileSync, existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { createLog } from "../../src/host/log/create-log.ts";
import { createRecordStore } from "../../src/host/store/create-record-store.ts";
import { recordStoreContract } from "./record-store-contract.ts";

recordStoreContract("sqlite", async () => {
  const scratch = await mkdtemp(`${tmpdir()}/tskubelet-store-`);
  const log = createLog({ level: "error", format: "text", write: () => {} });
  const path = `${scratch}/state.db`;
  const stores = [createRecordStore({ path, log })] as const;
  const opened = [...stores];
  return {
    store: stores[0],
    // The files as they are on disk at this moment, while the first store is still open: what a dead process leaves.
    async afterCrash() {
      for (const suffix of ["", "-wal"]) {
        if (existsSync(path + suffix)) copyFileSync(path + suffix, `${scratch}/crashed.db${suffix}`);
      }
      const store = createRecordStore({ path: `${scratch}/crashed.db`, log });
      opened.push(store);
      return store;
    },
    async close() {
      for (const store of opened) store.close();
      await rm(scratch, { recursive: true });
    },
  };
});
