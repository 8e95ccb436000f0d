/** What volumes must withstand on a real machine: full disks, hostile contents, mounts of others, every kind of file. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { createPodFiles } from "../../src/host/files/create-pod-files.ts";
import { createMounts } from "../../src/host/mounts/mounts.ts";
import { HostError } from "../../src/ports/errors.ts";
import type { PodFiles } from "../../src/ports/pod-files.ts";
import { type LoopDisk, makeLoopDisk } from "../support/loop-disk.ts";
import { createFileWorld } from "./file-world.ts";

const CONFIG = { kind: "kubernetes.io~configmap", name: "config", inMemory: false } as const;
const SECRET = { kind: "kubernetes.io~secret", name: "key", inMemory: true } as const;

function file(path: string, content: string | Uint8Array, mode = 0o644) {
  return { path, mode, content: typeof content === "string" ? new TextEncoder().encode(content) : content };
}

describe("volumes on this machine", { concurrency: 1 }, () => {
  let scratch: string;
  let files: PodFiles;
  let close: () => Promise<void>;
  let disk: LoopDisk | undefined;

  beforeEach(async () => {
    const made = await createFileWorld();
    ({ scratch } = made.world);
    ({ close } = made);
    files = await createPodFiles({ rootDir: scratch });
  });
  afterEach(async () => {
    disk?.remove();
    disk = undefined;
    await close();
  });

  it("keep their old content whole on a disk that is full, and leave no half of the new", async () => {
    disk = makeLoopDisk({ file: `${scratch}/disk`, mountPoint: `${scratch}/full`, mib: 8, inodes: 512 });
    const onDisk = await createPodFiles({ rootDir: `${scratch}/full` });
    const old = [file("a", "old"), file("b", new Uint8Array(100_000).fill(1))];
    const path = await onDisk.writePayload("u", CONFIG, old);
    const before = readdirSync(path).toSorted();
    const large = [file("a", "new"), file("b", new Uint8Array(16 * 1024 ** 2).fill(2))];
    await assert.rejects(
      onDisk.writePayload("u", CONFIG, large),
      (error) => error instanceof HostError && error.code === "NoSpace",
    );
    assert.deepEqual(readdirSync(path).toSorted(), before);
    assert.equal(readFileSync(`${path}/a`, "utf8"), "old");
    assert.deepEqual(readFileSync(`${path}/b`), Buffer.alloc(100_000, 1));
    assert.equal(await onDisk.writePayload("u", CONFIG, [file("a", "newer")]), path);
    assert.equal(readFileSync(`${path}/a`, "utf8"), "newer");
  });

  it("keep a secret whole when its memory is full", async () => {
    const place = `${scratch}/pods/u/volumes/${SECRET.kind}/${SECRET.name}`;
    mkdirSync(place, { recursive: true });
    await createMounts().mountTmpfs(place, ["size=256k"]);
    assert.equal(await files.writePayload("u", SECRET, [file("key", "old")]), place);
    const before = readdirSync(place).toSorted();
    for (const bytes of [40_000, 400_000]) {
      const parts = Array.from({ length: 10 }, (_, i) => file(`part${i}`, new Uint8Array(bytes)));
      await assert.rejects(
        files.writePayload("u", SECRET, parts),
        (error) => error instanceof HostError && error.code === "NoSpace",
      );
    }
    assert.deepEqual(readdirSync(place).toSorted(), before);
    assert.equal(readFileSync(`${place}/key`, "utf8"), "old");
  });

  it("are read by their group, owned by their user, and a change of either is written", async () => {
    const token = { ...file("deep/token", "t", 0o600), ownerId: 7 };
    const path = await files.writePayload("u", { ...SECRET, groupId: 9 }, [token, file("key", "k", 0o400)]);
    const of = (name: string) => {
      const { uid, gid, mode } = statSync(`${path}/${name}`);
      return [uid, gid, (mode & 0o7777).toString(8)];
    };
    assert.deepEqual(of("deep/token"), [7, 9, "640"]);
    assert.deepEqual(of("key"), [0, 9, "440"]);
    assert.deepEqual(of("..data/deep"), [0, 9, "2755"]);
    await files.writePayload("u", SECRET, [token, file("key", "k", 0o400)]);
    assert.deepEqual(of("key"), [0, 0, "400"]);
  });

  it("give their group all of an emptyDir, but not what a link leads to or what another has mounted there", async () => {
    const path = await files.emptyDir("u", "work", { medium: "" });
    mkdirSync(`${scratch}/outside/deep`, { recursive: true });
    mkdirSync(`${path}/d/mounted`, { recursive: true });
    writeFileSync(`${path}/d/f`, "", { mode: 0o600 });
    symlinkSync(`${scratch}/outside`, `${path}/link`);
    await createMounts().mountTmpfs(`${path}/d/mounted`, []);
    const always = { groupId: 9, policy: "Always", readOnly: false } as const;
    await files.setGroup(path, always);
    const of = (name: string) => `${lstatSync(name).gid} ${(lstatSync(name).mode & 0o7777).toString(8)}`;
    assert.deepEqual([of(path), of(`${path}/d`), of(`${path}/d/f`)], ["9 2777", "9 2775", "9 660"]);
    assert.equal(lstatSync(`${path}/link`).gid, 9);
    assert.deepEqual([lstatSync(`${scratch}/outside`).gid, lstatSync(`${path}/d/mounted`).gid], [0, 0]);
    writeFileSync(`${path}/later`, "", { mode: 0o600 });
    execFileSync("chgrp", ["0", `${path}/later`]);
    await files.setGroup(path, { ...always, policy: "OnRootMismatch" });
    assert.equal(of(`${path}/later`), "0 600");
    await files.setGroup(path, always);
    assert.equal(of(`${path}/later`), "9 660");
  });

  it("that are emptyDirs belong to the group from the start, and stay as containers have made them", async () => {
    const of = (path: string) => {
      const { uid, gid, mode } = statSync(path);
      return `${uid} ${gid} ${(mode & 0o7777).toString(8)}`;
    };
    for (const [medium, mode] of [
      ["", "2777"],
      ["Memory", "3777"],
    ] as const) {
      const path = await files.emptyDir("u", `v${medium}`, { medium, groupId: 9 });
      assert.equal(of(path), `0 9 ${mode}`);
      writeFileSync(`${path}/key`, "", { mode: 0o600 });
      chmodSync(path, 0o700);
      for (const each of [path, `${path}/key`]) chownSync(each, 7, 7);
      await files.emptyDir("u", `v${medium}`, { medium, groupId: 9 });
      assert.deepEqual([of(path), of(`${path}/key`)], ["7 7 700", "7 7 600"]);
    }
  });

  it("lose what a writer that died after its switch has left in them", async () => {
    const path = await files.writePayload("u", CONFIG, [file("a", "1")]);
    mkdirSync(`${path}/..2020_old`);
    writeFileSync(`${path}/..2020_old/gone`, "old");
    symlinkSync("..data/gone", `${path}/gone`);
    await files.writePayload("u", CONFIG, [file("a", "1")]);
    assert.deepEqual(
      readdirSync(path).filter((name) => name.includes("gone") || name.includes("old")),
      [],
    );
    assert.equal(readFileSync(`${path}/a`, "utf8"), "1");
  });

  it("hold no subPath so deep that it would take the agent's descriptors", async () => {
    const volume = await files.emptyDir("u", "v", { medium: "" });
    const isTooDeep = (error: unknown) => error instanceof HostError && /more than 255 levels/.test(error.message);
    await assert.rejects(files.subPath(volume, "a/".repeat(2000)), isTooDeep);
    assert.equal(await files.removePod("u"), true);
  });

  it("are never deleted through what another has mounted in them", async () => {
    mkdirSync(`${scratch}/precious`);
    writeFileSync(`${scratch}/precious/data`, "keep");
    const path = await files.emptyDir("u", "work", { medium: "" });
    mkdirSync(`${path}/here`);
    await createMounts().bind(`${scratch}/precious`, `${path}/here`);
    const place = { kind: "kubernetes.io~empty-dir", name: "work" };
    assert.equal(await files.removeVolume("u", "work", place), true);
    assert.equal(existsSync(path), false);
    assert.equal(readFileSync(`${scratch}/precious/data`, "utf8"), "keep");
  });

  it("of the machine are checked for every kind of file", async (t) => {
    const server = createServer().listen(`${scratch}/socket`);
    await new Promise((resolve) => server.once("listening", resolve));
    t.after(() => server.close());
    execFileSync("mknod", [`${scratch}/block`, "b", "7", "250"]);
    const paths = { Socket: `${scratch}/socket`, CharDevice: "/dev/null", BlockDevice: `${scratch}/block` };
    const words = { Socket: "socket file", CharDevice: "character device", BlockDevice: "block device" };
    for (const type of ["Socket", "CharDevice", "BlockDevice"] as const) {
      for (const [kind, path] of Object.entries(paths)) {
        const checked = files.hostPath(path, type);
        if (kind === type) assert.equal(await checked, path);
        else await assert.rejects(checked, { message: `hostPath type check failed: ${path} is not a ${words[type]}` });
      }
    }
  });

  it("hold a subPath inside of them while a container swaps it for a link out, again and again", async (t) => {
    const volume = await files.emptyDir("u", "v", { medium: "" });
    mkdirSync(`${scratch}/outside`);
    writeFileSync(`${scratch}/outside/secret`, "");
    mkdirSync(`${volume}/x`);
    symlinkSync(`${scratch}/outside`, `${volume}/link`);
    const stop = startSwaps(volume);
    const outcomes = { held: 0, refused: 0 };
    for (let index = 0; index < 150; index++) {
      const holder = { uid: "u", volume: "v", container: "c", index };
      const held = await files.subPath(volume, "x", holder).catch((error: unknown) => {
        assert.ok(error instanceof HostError, String(error));
        return undefined;
      });
      if (held === undefined) outcomes.refused += 1;
      else {
        outcomes.held += 1;
        assert.deepEqual(readdirSync(held), [], "the subPath leads out of the volume");
      }
    }
    await stop();
    t.diagnostic(JSON.stringify(outcomes));
    assert.ok(outcomes.held > 0, "none was held");
    assert.equal(await files.removePod("u"), true);
    assert.deepEqual(readdirSync(`${scratch}/outside`), ["secret"]);
  });

  it("give their group nothing outside of them while a container swaps a directory for a link out", async () => {
    const volume = await files.emptyDir("u", "v", { medium: "" });
    mkdirSync(`${scratch}/outside`, { mode: 0o700 });
    writeFileSync(`${scratch}/outside/secret`, "", { mode: 0o600 });
    mkdirSync(`${volume}/x`);
    symlinkSync(`${scratch}/outside`, `${volume}/link`);
    const stop = startSwaps(volume);
    for (let round = 0; round < 400; round++) {
      await files.setGroup(volume, { groupId: 9, policy: "Always", readOnly: false });
    }
    await stop();
    const of = (path: string) => `${statSync(path).gid} ${(statSync(path).mode & 0o7777).toString(8)}`;
    assert.deepEqual([`${scratch}/outside`, `${scratch}/outside/secret`].map(of), ["0 700", "0 600"]);
  });
});

/** Changes the directory "x" and the link "link" into each other, for as long as nobody says stop. */
function startSwaps(volume: string): () => Promise<void> {
  const swaps = `
    const { renameSync, rmdirSync } = require("node:fs");
    const { parentPort, workerData } = require("node:worker_threads");
    // Where nothing is for a moment the agent makes a directory, which is in the way.
    const move = (from, to) => {
      for (let tries = 0; tries < 100; tries++) {
        try { return renameSync(from, to); } catch {}
        try { rmdirSync(to); } catch {}
      }
    };
    const at = (name) => workerData + "/" + name;
    const until = Date.now() + 20000;
    let stop = false;
    parentPort.once("message", () => { stop = true; });
    (function round() {
      for (let i = 0; i < 20; i++) {
        move(at("x"), at("dir")); move(at("link"), at("x"));
        move(at("x"), at("link")); move(at("dir"), at("x"));
      }
      if (stop || Date.now() > until) return parentPort.close();
      setImmediate(round);
    })();`;
  const worker = new Worker(swaps, { eval: true, workerData: volume });
  const ended = new Promise((resolve) => worker.once("exit", resolve));
  return async () => {
    worker.postMessage("stop");
    await ended;
  };
}
