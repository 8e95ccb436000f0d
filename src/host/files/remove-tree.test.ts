import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, it } from "node:test";
import { HostError } from "../../ports/errors.ts";
import { createMounts } from "../mounts/mounts.ts";
import { removeTree } from "./remove-tree.ts";

describe("removeTree", () => {
  let scratch: string;
  beforeEach(async () => {
    scratch = await mkdtemp(`${tmpdir()}/tskubelet-remove-`);
    await mkdir(`${scratch}/outside`);
    await writeFile(`${scratch}/outside/precious`, "keep");
  });
  afterEach(async () => {
    assert.equal(await createMounts().unmountBelow(scratch), true);
    await rm(scratch, { recursive: true });
  });

  it("removes files, links and directories, but nothing that a link points to", async () => {
    await mkdir(`${scratch}/tree/a/b`, { recursive: true });
    await symlink(`${scratch}/outside`, `${scratch}/tree/a/link`);
    await symlink("nowhere", `${scratch}/tree/dangling`);
    for (let n = 0; n < 300; n++) await writeFile(`${scratch}/tree/a/b/${n}`, "");
    await removeTree(`${scratch}/tree`);
    assert.deepEqual(await readdir(scratch), ["outside"]);
    assert.equal(await readFile(`${scratch}/outside/precious`, "utf8"), "keep");
  });

  it("removes a link itself, and finds nothing to do where nothing is", async () => {
    await symlink(`${scratch}/outside`, `${scratch}/link`);
    await removeTree(`${scratch}/link`);
    await removeTree(`${scratch}/absent`);
    await removeTree(`${scratch}/absent/deeper`);
    assert.deepEqual(await readdir(scratch), ["outside"]);
  });

  it("takes a tree apart that is deeper than the descriptors that it may hold", async () => {
    const deep = Array.from({ length: 700 }, (_, n) => `d${n % 7}`);
    await mkdir(`${scratch}/tree/${deep.join("/")}`, { recursive: true });
    await removeTree(`${scratch}/tree`);
    assert.equal(existsSync(`${scratch}/tree`), false);
  });

  it("removes all that it can and then tells what it could not", async () => {
    await mkdir(`${scratch}/tree/locked`, { recursive: true });
    for (const name of ["a", "b", "c"]) await writeFile(`${scratch}/tree/locked/${name}`, "");
    await createMounts().bind(`${scratch}/outside/precious`, `${scratch}/tree/locked/b`);
    await assert.rejects(removeTree(`${scratch}/tree`), /EBUSY/);
    assert.deepEqual(await readdir(`${scratch}/tree/locked`), ["b"]);
    assert.equal(await readFile(`${scratch}/outside/precious`, "utf8"), "keep");
  });

  it("stops at a mount of the very same filesystem and keeps what is in it", async () => {
    await mkdir(`${scratch}/tree/mounted`, { recursive: true });
    await createMounts().bind(`${scratch}/outside`, `${scratch}/tree/mounted`);
    await assert.rejects(removeTree(`${scratch}/tree`), (error) => error instanceof HostError && error.code === "Busy");
    assert.equal(await readFile(`${scratch}/outside/precious`, "utf8"), "keep");
  });
});
