import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, it } from "node:test";
import { HostError } from "../../ports/errors.ts";
import { createLog } from "../log/create-log.ts";
import { createMounts } from "../mounts/mounts.ts";
import { createRecordStore, type OpenRecordStore } from "./create-record-store.ts";

describe("createRecordStore", () => {
  let scratch: string;
  let path: string;
  let lines: string[];
  let stores: OpenRecordStore[];
  const open = (at = path): OpenRecordStore => {
    const log = createLog({ level: "info", format: "text", write: (line) => void lines.push(line) });
    const store = createRecordStore({ path: at, log });
    stores.push(store);
    return store;
  };
  beforeEach(async () => {
    scratch = await mkdtemp(`${tmpdir()}/tskubelet-store-`);
    [path, lines, stores] = [`${scratch}/state.db`, [], []];
  });
  afterEach(async () => {
    for (const store of stores) store.close();
    assert.equal(await createMounts().unmountBelow(scratch), true);
    await rm(scratch, { recursive: true });
  });

  it("lets nobody else read its files, those of an earlier version included", () => {
    writeFileSync(path, "", { mode: 0o644 });
    open().put("t", "k", 1);
    const modes = readdirSync(scratch).map((name) => statSync(`${scratch}/${name}`).mode & 0o777);
    assert.deepEqual(new Set(modes), new Set([0o600]));
    assert.equal(modes.length, 3);
  });

  it("moves a file that is no database aside, says so, and starts anew", () => {
    writeFileSync(path, "this was never a database ".repeat(500));
    const store = open();
    store.put("t", "k", 1);
    assert.equal(store.get("t", "k"), 1);
    assert.match(lines.join(""), /ERROR The record database was damaged: moved aside.*recordsTakenOver=0/);
    assert.equal(readdirSync(scratch).filter((name) => /^state\.db\.damaged-[^-]+$/.test(name)).length, 1);
  });

  it("takes over what can still be read of a damaged database", () => {
    const first = open();
    for (let n = 0; n < 2000; n++) first.put("t", `key-${String(n).padStart(5, "0")}`, { n, pad: "x".repeat(100) });
    first.close();
    stores = [];
    const bytes = readFileSync(path);
    bytes.fill(0xa5, bytes.length - 8192, bytes.length - 4096);
    writeFileSync(path, bytes);
    const store = open();
    assert.match(lines.join(""), /damaged/);
    const left = store.list("t").length;
    assert.ok(left > 100 && left < 2000, `${left} of 2000`);
    store.put("t", "new", 1);
    assert.equal(store.get("t", "new"), 1);
  });

  it("keeps only the newest damaged databases", () => {
    for (let n = 0; n < 6; n++) {
      writeFileSync(path, "no database ".repeat(500));
      open().close();
      stores = [];
    }
    const aside = readdirSync(scratch).filter((name) => /\.damaged-/.test(name) && !/-(wal|shm)$/.test(name));
    assert.equal(aside.length, 3);
  });

  it("says NoSpace when the disk is full and goes on when there is room", async () => {
    const { mkdir, writeFile, unlink } = await import("node:fs/promises");
    await mkdir(`${scratch}/small`);
    await createMounts().mountTmpfs(`${scratch}/small`, ["size=256k"]);
    const store = open(`${scratch}/small/state.db`);
    store.put("t", "before", 1);
    await writeFile(`${scratch}/small/fill`, Buffer.alloc(300_000)).catch(() => undefined);
    assert.throws(
      () => store.put("t", "big", "x".repeat(100_000)),
      (error) => error instanceof HostError && error.code === "NoSpace",
    );
    assert.equal(store.get("t", "before"), 1);
    await unlink(`${scratch}/small/fill`);
    store.put("t", "after", 2);
    assert.deepEqual(store.list("t"), [
      { key: "after", value: 2 },
      { key: "before", value: 1 },
    ]);
    store.close();
    stores = [];
  });
});
