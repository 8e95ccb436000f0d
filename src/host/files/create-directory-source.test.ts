import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFile, mkdir, mkdtemp, open, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { SnapshotReader } from "../../../test/contract/manifest-source-contract.ts";
import { createDirectorySource } from "./create-directory-source.ts";

describe("createDirectorySource", () => {
  let scratch: string;
  let path: string;
  let reader: SnapshotReader | undefined;
  beforeEach(async () => {
    scratch = await mkdtemp(`${tmpdir()}/tskubelet-directory-`);
    path = `${scratch}/manifests`;
    await mkdir(path);
  });
  afterEach(async () => {
    await reader?.stop();
    reader = undefined;
    await rm(scratch, { recursive: true });
  });
  function read(kind: "file" | "manifests" = "manifests", at = path): SnapshotReader {
    reader = new SnapshotReader({
      source: createDirectorySource({ kind, path: at, rescanMs: 60_000 }),
      pass: async (ms) => void (await wait(ms)),
    });
    return reader;
  }
  const names = (from: SnapshotReader) => Object.keys(from.texts).toSorted();

  it("tells each new manifest by an event, long before the next rescan", async () => {
    const from = read();
    await from.until("first snapshot", () => from.last !== undefined);
    for (let n = 0; n < 10; n++) {
      await writeFile(`${path}/${n}.yaml`, `n: ${n}\n`);
      await from.until("the file", () => names(from).length === n + 1);
    }
  });

  it("passes over hidden, backup and editor files, for both kinds", async () => {
    for (const name of [
      ".hidden.yaml",
      "a.yaml~",
      "#a.yaml#",
      ".#a.yaml",
      ".a.yaml.swp",
      "a.yaml.swp",
      "a.swx",
      "4913",
    ]) {
      await writeFile(`${path}/${name}`, "x: 1\n");
    }
    for (const name of [
      "a.yaml.bak",
      "a.yaml.orig",
      "a.yaml.tmp",
      "a.yaml.dpkg-old",
      "a.yaml___jb_tmp___",
      "sedAb12Cd",
    ]) {
      await writeFile(`${path}/${name}`, "x: 1\n");
    }
    for (const name of ["a.yaml", "b.yml", "c.JSON", "README.md", "plain"])
      await writeFile(`${path}/${name}`, "x: 1\n");
    await mkdir(`${path}/sub.yaml`);
    const manifests = read("manifests");
    await manifests.until("first snapshot", () => manifests.last !== undefined);
    assert.deepEqual(names(manifests), ["a.yaml", "b.yml", "c.JSON"]);
    await manifests.stop();
    const pods = read("file");
    await pods.until("first snapshot", () => pods.last !== undefined);
    assert.deepEqual(names(pods), ["README.md", "a.yaml", "b.yml", "c.JSON", "plain"]);
  });

  it("never shows the first piece of a text that is written in pieces", async () => {
    const from = read();
    await from.until("first snapshot", () => from.last !== undefined);
    const line = `- ${"x".repeat(61)}\n`;
    const file = await open(`${path}/big.yaml`, "w");
    for (let piece = 0; piece < 4; piece++) {
      await file.write(line.repeat(64)); // 4096 bytes that end with a line
      await wait(20);
    }
    await file.write("end: true\n");
    await file.close();
    await from.until("the file", () => names(from).length === 1);
    assert.match(from.texts["big.yaml"] ?? "", /end: true\n$/);
  });

  it("does not take an emptied file for an empty one while it is rewritten", async () => {
    await writeFile(`${path}/a.yaml`, "old: 1\n");
    const from = read();
    await from.until("old", () => from.texts["a.yaml"] === "old: 1\n");
    await truncate(`${path}/a.yaml`);
    await wait(30);
    await appendFile(`${path}/a.yaml`, "new: 1\n");
    await from.until("new", () => from.texts["a.yaml"] === "new: 1\n");
    const shown = from.seen.flatMap((snapshot) => ("files" in snapshot ? snapshot.files.map((file) => file.text) : []));
    assert.deepEqual(shown, ["old: 1\n", "new: 1\n"]);
  });

  it("shows a file that stays empty as empty", async () => {
    const from = read();
    await writeFile(`${path}/a.yaml`, "");
    await from.until("the empty file", () => from.texts["a.yaml"] === "");
  });

  it("keeps a file that is deleted and made anew at once", async () => {
    await writeFile(`${path}/a.yaml`, "old: 1\n");
    const from = read();
    await from.until("old", () => from.texts["a.yaml"] === "old: 1\n");
    await rename(`${path}/a.yaml`, `${path}/a.yaml~`);
    await wait(20);
    await writeFile(`${path}/a.yaml`, "new: 1\n");
    await from.until("new", () => from.texts["a.yaml"] === "new: 1\n");
    assert.equal(from.seen.filter((snapshot) => "files" in snapshot && snapshot.files.length === 0).length, 0);
  });

  it("follows a directory that is replaced, removed and made anew", async () => {
    await writeFile(`${path}/a.yaml`, "a: 1\n");
    const from = read();
    await from.until("a", () => names(from).join() === "a.yaml");
    await mkdir(`${scratch}/next`);
    await writeFile(`${scratch}/next/b.yaml`, "b: 1\n");
    await rename(path, `${scratch}/previous`);
    await rename(`${scratch}/next`, path);
    await from.until("b", () => names(from).join() === "b.yaml");
    await writeFile(`${path}/c.yaml`, "c: 1\n");
    await from.until("c", () => names(from).join() === "b.yaml,c.yaml");
    await rm(path, { recursive: true });
    await from.until("nothing", () => names(from).length === 0);
    await mkdir(path);
    await writeFile(`${path}/d.yaml`, "d: 1\n");
    await from.until("d", () => names(from).join() === "d.yaml");
  });

  it("waits for a directory that is not there yet", async () => {
    const from = read("manifests", `${scratch}/later/deeper`);
    await from.until("nothing", () => from.last !== undefined);
    assert.deepEqual(from.last, { files: [] });
    await mkdir(`${scratch}/later/deeper`, { recursive: true });
    await writeFile(`${scratch}/later/deeper/a.yaml`, "a: 1\n");
    await from.until("a", () => names(from).join() === "a.yaml");
  });

  it("reads the links of a mounted ConfigMap and follows its switch", async () => {
    for (const [version, text] of ["one: 1\n", "two: 2\n"].entries()) {
      await mkdir(`${path}/..v${version}`);
      await writeFile(`${path}/..v${version}/pod.yaml`, text);
    }
    await symlink("..v0", `${path}/..data`);
    await symlink("..data/pod.yaml", `${path}/pod.yaml`);
    const from = read();
    await from.until("one", () => from.texts["pod.yaml"] === "one: 1\n");
    await symlink("..v1", `${path}/..data_tmp`);
    await rename(`${path}/..data_tmp`, `${path}/..data`);
    await from.until("two", () => from.texts["pod.yaml"] === "two: 2\n");
    assert.deepEqual(names(from), ["pod.yaml"]);
  });

  it("shows what it cannot read with its problem, beside the others", async () => {
    await writeFile(`${path}/good.yaml`, "a: 1\n");
    await symlink("nowhere", `${path}/dangling.yaml`);
    await writeFile(`${path}/binary.yaml`, Uint8Array.of(0xff, 0xfe, 0x00));
    await writeFile(`${path}/huge.yaml`, "");
    await truncate(`${path}/huge.yaml`, 11 * 1024 * 1024);
    execFileSync("mkfifo", [`${path}/pipe.yaml`]);
    const from = read();
    await from.until("first snapshot", () => names(from).length === 4);
    assert.equal(from.texts["good.yaml"], "a: 1\n");
    assert.match(from.file("dangling.yaml")?.problem ?? "", /link to nowhere/);
    assert.match(from.file("binary.yaml")?.problem ?? "", /UTF-8/);
    assert.match(from.file("huge.yaml")?.problem ?? "", /too large: 11534336 bytes, at most 10485760/);
    assert.equal(from.file("huge.yaml")?.text, undefined);
  });

  it("reads a path that is one file", async () => {
    await writeFile(`${path}/pod.manifest`, "one: 1\n");
    const from = read("file", `${path}/pod.manifest`);
    await from.until("one", () => from.texts["pod.manifest"] === "one: 1\n");
    await writeFile(`${path}/pod.manifest`, "two: 2\n");
    await from.until("two", () => from.texts["pod.manifest"] === "two: 2\n");
    await rm(`${path}/pod.manifest`);
    await from.until("nothing", () => names(from).length === 0);
  });
});
