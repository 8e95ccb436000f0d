import assert from "node:assert/strict";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { walkDisk } from "./disk-walk.ts";

const KiB = 1024;
const options = { filesOnly: false, maxEntries: 1000 };

describe("disk walk", () => {
  let top: string;
  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), "disk-walk-"));
  });
  afterEach(() => rmSync(top, { recursive: true, force: true }));

  const inodes = (path = top) => walkDisk(path, options)?.inodesUsed;
  const write = (name: string, kibibytes: number) => writeFileSync(join(top, name), Buffer.alloc(kibibytes * KiB, 1));

  it("counts the top, files and directories below", () => {
    mkdirSync(join(top, "a/b"), { recursive: true });
    const before = walkDisk(top, options);
    write("a/b/file", 64);
    const after = walkDisk(top, options);
    assert.equal(before?.inodesUsed, 3);
    assert.equal(after?.inodesUsed, 4);
    assert.equal((after?.usedBytes ?? 0) - (before?.usedBytes ?? 0), 64 * KiB);
    assert.equal(after?.isPartial, false);
  });

  it("counts blocks, not what a sparse file could hold", () => {
    write("sparse", 4);
    truncateSync(join(top, "sparse"), 1024 ** 3);
    assert.ok((walkDisk(top, options)?.usedBytes ?? 0) < 64 * KiB);
  });

  it("counts a file with several names once", () => {
    write("one", 64);
    linkSync(join(top, "one"), join(top, "two"));
    assert.equal(inodes(), 2);
    assert.ok((walkDisk(top, options)?.usedBytes ?? 0) < 128 * KiB);
  });

  it("does not follow symlinks", () => {
    mkdirSync(join(top, "inner"));
    symlinkSync("/", join(top, "inner/away"));
    assert.equal(inodes(join(top, "inner")), 2);
  });

  it("does not enter other filesystems", () => {
    assert.ok((walkDisk("/dev", options)?.inodesUsed ?? 0) > 1);
    symlinkSync("/proc", join(top, "proc"));
    assert.equal(inodes(), 2);
  });

  it("counts names that are not text", () => {
    writeFileSync(Buffer.concat([Buffer.from(`${top}/`), Buffer.from([0xff, 0xfe])]), Buffer.alloc(64 * KiB, 1));
    assert.equal(inodes(), 2);
    assert.equal(walkDisk(top, options)?.isPartial, false);
  });

  it("with filesOnly counts what lies in the directory itself", () => {
    mkdirSync(join(top, "inner"));
    write("inner/file", 64);
    write("log", 4);
    assert.deepEqual(walkDisk(top, { ...options, filesOnly: true }), {
      usedBytes: 4 * KiB,
      inodesUsed: 1,
      isPartial: false,
    });
  });

  it("stops at its limit and says so", () => {
    for (let index = 0; index < 20; index++) write(`f${index}`, 0);
    const result = walkDisk(top, { ...options, maxEntries: 5 });
    assert.equal(result?.inodesUsed, 5);
    assert.equal(result?.isPartial, true);
  });

  it("takes a file for itself and knows nothing of what is not there", () => {
    write("file", 4);
    assert.deepEqual(walkDisk(join(top, "file"), options), { usedBytes: 4 * KiB, inodesUsed: 1, isPartial: false });
    assert.equal(walkDisk(join(top, "gone"), options), undefined);
  });
});
