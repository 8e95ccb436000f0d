import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { HostError, type HostErrorCode } from "../../src/ports/errors.ts";
import type { PodFiles } from "../../src/ports/pod-files.ts";
import type { PayloadFile, PayloadVolume } from "../../src/ports/volume-files.ts";

/** The files of the machine under test, as somebody else than the agent sees and changes them. */
export interface FileWorld {
  /** An empty directory for the test. */
  readonly scratch: string;
  makeDirectory(path: string): Promise<void>;
  makeFile(path: string, text: string): Promise<void>;
  makeLink(path: string, target: string): Promise<void>;
  /** Follows links; `undefined`: not there. */
  read(path: string): Promise<string | undefined>;
  list(path: string): Promise<readonly string[]>;
  kind(path: string): Promise<"directory" | "file" | "absent">;
  mode(path: string): Promise<number>;
  /** It lies in memory, not on a disk. */
  inMemory(path: string): Promise<boolean>;
  /** Keeps the volume in use, so that it cannot be unmounted, until the returned function is called. */
  occupy(path: string): Promise<() => Promise<void>>;
}

export interface PodFilesUnderTest {
  readonly files: PodFiles;
  readonly world: FileWorld;
  readonly close: () => Promise<void>;
}

const configMap: PayloadVolume = { kind: "kubernetes.io~configmap", name: "config", inMemory: false };
const secret: PayloadVolume = { kind: "kubernetes.io~secret", name: "token", inMemory: true };

function file(path: string, text: string, mode = 0o644): PayloadFile {
  return { path, mode, content: new TextEncoder().encode(text) };
}

async function rejectsWith(work: Promise<unknown>, code: HostErrorCode, text: RegExp): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof HostError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, text);
    return true;
  });
}

/** What every PodFiles must hold. */
export function podFilesContract(name: string, create: () => Promise<PodFilesUnderTest>): void {
  describe(`PodFiles: ${name}`, () => {
    let under: PodFilesUnderTest;
    let files: PodFiles;
    let world: FileWorld;
    beforeEach(async () => {
      under = await create();
      ({ files, world } = under);
    });
    afterEach(() => under.close());

    describe("pod directories", () => {
      it("are listed after they were made, with the log directory beside, and gone after removal", async () => {
        assert.deepEqual(await files.listPods(), []);
        await files.preparePod("uid-1", `${world.scratch}/logs/ns_pod_uid-1`);
        await files.preparePod("uid-1", `${world.scratch}/logs/ns_pod_uid-1`);
        await files.preparePod("uid-2", `${world.scratch}/logs/ns_pod_uid-2`);
        assert.deepEqual((await files.listPods()).toSorted(), ["uid-1", "uid-2"]);
        assert.equal(await world.kind(`${world.scratch}/logs/ns_pod_uid-1`), "directory");
        assert.equal(await files.removePod("uid-1"), true);
        assert.deepEqual(await files.listPods(), ["uid-2"]);
      });

      it("of a pod that never was are removed with success", async () => {
        assert.equal(await files.removePod("nobody"), true);
      });

      it("are refused for a UID that would leave the root", async () => {
        for (const uid of ["", "..", "a/../../b", "a/b"])
          await rejectsWith(files.removePod(uid), "Invalid", /file name/);
      });

      it("are removed with volumes in memory, without touching what links point to", async () => {
        await world.makeDirectory(`${world.scratch}/precious`);
        await world.makeFile(`${world.scratch}/precious/data`, "keep");
        await files.preparePod("uid-1", `${world.scratch}/logs`);
        const volume = await files.emptyDir("uid-1", "cache", { medium: "Memory" });
        await files.writePayload("uid-1", secret, [file("key", "s")]);
        await world.makeLink(`${volume}/out`, `${world.scratch}/precious`);
        await world.makeDirectory(`${volume}/a/b/c`);
        assert.equal(await files.removePod("uid-1"), true);
        assert.deepEqual(await files.listPods(), []);
        assert.equal(await world.read(`${world.scratch}/precious/data`), "keep");
      });

      it("stay while a mount in them is in use, and go afterwards", async () => {
        await files.preparePod("uid-1", `${world.scratch}/logs`);
        const volume = await files.emptyDir("uid-1", "cache", { medium: "Memory" });
        await world.makeFile(`${volume}/data`, "keep");
        const release = await world.occupy(volume);
        assert.equal(await files.removePod("uid-1"), false);
        assert.equal(await world.read(`${volume}/data`), "keep");
        await release();
        assert.equal(await files.removePod("uid-1"), true);
        assert.deepEqual(await files.listPods(), []);
      });
    });

    describe("emptyDir", () => {
      it("is a directory for all users that keeps its content", async () => {
        const path = await files.emptyDir("uid-1", "work", { medium: "" });
        assert.match(path, /\/pods\/uid-1\/volumes\/kubernetes\.io~empty-dir\/work$/);
        assert.equal((await world.mode(path)) & 0o777, 0o777);
        await world.makeFile(`${path}/data`, "kept");
        assert.equal(await files.emptyDir("uid-1", "work", { medium: "" }), path);
        assert.equal(await world.read(`${path}/data`), "kept");
      });

      it("of medium Memory is mounted once and lies in memory", async () => {
        const path = await files.emptyDir("uid-1", "work", { medium: "Memory", sizeLimitBytes: 1_048_576 });
        assert.equal(await world.inMemory(path), true);
        await world.makeFile(`${path}/data`, "kept");
        await files.emptyDir("uid-1", "work", { medium: "Memory", sizeLimitBytes: 1_048_576 });
        assert.equal(await world.read(`${path}/data`), "kept");
        assert.equal((await world.mode(path)) & 0o777, 0o777);
      });

      it("of an unknown medium is refused", async () => {
        await rejectsWith(files.emptyDir("u", "v", { medium: "Tape" }), "Invalid", /unknown storage medium "Tape"/);
      });
    });

    describe("payload volumes", () => {
      it("show their files under their names, with modes, also in subdirectories", async () => {
        const payload = [
          file("index.html", "<p>"),
          file("conf.d/a.conf", "a", 0o400),
          file("conf.d/b.conf", "b", 0o755),
        ];
        const path = await files.writePayload("uid-1", configMap, payload);
        assert.match(path, /\/pods\/uid-1\/volumes\/kubernetes\.io~configmap\/config$/);
        assert.equal(await world.read(`${path}/index.html`), "<p>");
        assert.equal(await world.read(`${path}/conf.d/a.conf`), "a");
        assert.equal((await world.mode(`${path}/conf.d/a.conf`)) & 0o777, 0o400);
        assert.equal((await world.mode(`${path}/conf.d/b.conf`)) & 0o777, 0o755);
        assert.equal((await world.mode(`${path}/index.html`)) & 0o777, 0o644);
      });

      it("change as a whole: new, changed and removed names, and nothing old is left behind", async () => {
        await files.writePayload("uid-1", configMap, [file("a", "1"), file("gone", "1"), file("d/x", "1")]);
        const path = await files.writePayload("uid-1", configMap, [file("a", "2"), file("new", "2"), file("d/y", "2")]);
        const names = (await world.list(path)).filter((each) => !each.startsWith("..")).toSorted();
        assert.deepEqual(names, ["a", "d", "new"]);
        assert.equal(await world.read(`${path}/a`), "2");
        assert.equal(await world.read(`${path}/d/y`), "2");
        assert.equal(await world.read(`${path}/d/x`), undefined);
        assert.equal(
          (await world.list(path)).filter((each) => each.startsWith("..")).length,
          2,
          "..data and its target",
        );
      });

      it("are left alone when nothing changed", async () => {
        const path = await files.writePayload("uid-1", configMap, [file("a", "1"), file("d/b", "2")]);
        const before = (await world.list(path)).toSorted();
        await files.writePayload("uid-1", configMap, [file("d/b", "2"), file("a", "1")]);
        assert.deepEqual((await world.list(path)).toSorted(), before);
      });

      it("are rewritten when only a mode changed", async () => {
        await files.writePayload("uid-1", configMap, [file("a", "1", 0o644)]);
        const path = await files.writePayload("uid-1", configMap, [file("a", "1", 0o600)]);
        assert.equal((await world.mode(`${path}/a`)) & 0o777, 0o600);
      });

      it("may become empty", async () => {
        await files.writePayload("uid-1", configMap, [file("a", "1")]);
        const path = await files.writePayload("uid-1", configMap, []);
        assert.deepEqual(
          (await world.list(path)).filter((each) => !each.startsWith("..")),
          [],
        );
      });

      it("of secrets lie in memory", async () => {
        const path = await files.writePayload("uid-1", secret, [file("key", "s3cret", 0o400)]);
        assert.equal(await world.inMemory(`${path}/key`), true);
        assert.equal(await world.read(`${path}/key`), "s3cret");
        await files.writePayload("uid-1", secret, [file("key", "changed", 0o400)]);
        assert.equal(await world.read(`${path}/key`), "changed");
      });

      it("refuse names that lead out of the volume", async () => {
        for (const path of ["../x", "/x", "a/../../x", "", "..data", "a//b"]) {
          await rejectsWith(files.writePayload("uid-1", configMap, [file(path, "1")]), "Invalid", /invalid path/);
        }
      });
    });

    describe("volumes that are there", () => {
      it("are listed with their places; payloads that are whole are usable as they are", async () => {
        assert.deepEqual(await files.listVolumes("uid-1"), []);
        await files.preparePod("uid-1", `${world.scratch}/logs`);
        assert.deepEqual(await files.listVolumes("uid-1"), []);
        await files.emptyDir("uid-1", "work", { medium: "" });
        const path = await files.writePayload("uid-1", configMap, [file("a", "1")]);
        await world.makeDirectory(path.replace("configmap/config", "secret/half"));
        const found = await files.listVolumes("uid-1");
        const byName = found.toSorted((one, other) => (one.place.name < other.place.name ? -1 : 1));
        assert.deepEqual(byName, [
          {
            place: { kind: configMap.kind, name: "config" },
            mounted: { path, readOnly: true, isRelabelable: true },
          },
          { place: { kind: "kubernetes.io~secret", name: "half" } },
          { place: { kind: "kubernetes.io~empty-dir", name: "work" } },
        ]);
      });

      it("go one at a time, with what containers hold of them, and the others stay", async () => {
        const work = await files.emptyDir("uid-1", "work", { medium: "Memory" });
        await world.makeDirectory(`${work}/in`);
        const holder = { uid: "uid-1", volume: "work", container: "c", index: 0 };
        const held = await files.subPath(work, "in", holder);
        const kept = await files.writePayload("uid-1", secret, [file("key", "s")]);
        const place = { kind: "kubernetes.io~empty-dir", name: "work" };
        assert.equal(await files.removeVolume("uid-1", "work", place), true);
        assert.deepEqual([await world.kind(work), await world.kind(held)], ["absent", "absent"]);
        assert.equal(await world.read(`${kept}/key`), "s");
        assert.equal(await files.removeVolume("uid-1", "work", place), true);
      });

      it("without a place of their own lose what containers hold of them, and nothing else", async () => {
        await world.makeDirectory(`${world.scratch}/data/in`);
        await world.makeFile(`${world.scratch}/data/in/file`, "keep");
        const holder = { uid: "uid-1", volume: "host", container: "c", index: 0 };
        const held = await files.subPath(`${world.scratch}/data`, "in", holder);
        assert.equal(await files.removeVolume("uid-1", "host"), true);
        assert.equal(await world.kind(held), "absent");
        assert.equal(await world.read(`${world.scratch}/data/in/file`), "keep");
      });

      it("stay whole while they are in use", async () => {
        const work = await files.emptyDir("uid-1", "work", { medium: "Memory" });
        await world.makeFile(`${work}/data`, "keep");
        const release = await world.occupy(work);
        const place = { kind: "kubernetes.io~empty-dir", name: "work" };
        assert.equal(await files.removeVolume("uid-1", "work", place), false);
        assert.equal(await world.read(`${work}/data`), "keep");
        await release();
        assert.equal(await files.removeVolume("uid-1", "work", place), true);
      });

      it("are refused for a name that would leave the pod's directory", async () => {
        for (const name of ["..", "a/b", ""]) {
          await rejectsWith(files.removeVolume("uid-1", name), "Invalid", /file name/);
          await rejectsWith(files.removeVolume("uid-1", "v", { kind: name, name: "v" }), "Invalid", /file name/);
          await rejectsWith(files.removeVolume("uid-1", "v", { kind: "k", name }), "Invalid", /file name/);
        }
      });
    });

    describe("hostPath", () => {
      it("of no type is not checked", async () => {
        assert.equal(await files.hostPath(`${world.scratch}/absent`, ""), `${world.scratch}/absent`);
        assert.equal(await world.kind(`${world.scratch}/absent`), "absent");
      });

      it("is created for the types that say so", async () => {
        await files.hostPath(`${world.scratch}/made/deep`, "DirectoryOrCreate");
        await files.hostPath(`${world.scratch}/made/file`, "FileOrCreate");
        assert.equal(await world.kind(`${world.scratch}/made/deep`), "directory");
        assert.equal(await world.kind(`${world.scratch}/made/file`), "file");
        assert.equal((await world.mode(`${world.scratch}/made/deep`)) & 0o777, 0o755);
        assert.equal((await world.mode(`${world.scratch}/made/file`)) & 0o777, 0o644);
      });

      it("of the wrong kind is refused in the kubelet's words", async () => {
        const [directory, plain] = [`${world.scratch}/d`, `${world.scratch}/f`];
        await world.makeDirectory(directory);
        await world.makeFile(plain, "");
        assert.equal(await files.hostPath(directory, "Directory"), directory);
        assert.equal(await files.hostPath(plain, "File"), plain);
        assert.equal(await files.hostPath(directory, "DirectoryOrCreate"), directory);
        const failed = (path: string, what: string) =>
          new RegExp(`^hostPath type check failed: ${path} is not a ${what}$`);
        await rejectsWith(files.hostPath(plain, "Directory"), "Invalid", failed(plain, "directory"));
        await rejectsWith(files.hostPath(plain, "DirectoryOrCreate"), "Invalid", failed(plain, "directory"));
        await rejectsWith(files.hostPath(directory, "File"), "Invalid", failed(directory, "file"));
        await rejectsWith(files.hostPath(directory, "FileOrCreate"), "Invalid", failed(directory, "file"));
        await rejectsWith(files.hostPath(plain, "Socket"), "Invalid", failed(plain, "socket file"));
        await rejectsWith(files.hostPath(plain, "CharDevice"), "Invalid", failed(plain, "character device"));
        await rejectsWith(files.hostPath(plain, "BlockDevice"), "Invalid", failed(plain, "block device"));
        await rejectsWith(files.hostPath("/absent/x", "Directory"), "NotFound", failed("/absent/x", "directory"));
        await rejectsWith(files.hostPath(plain, "Nonsense"), "Invalid", /^Nonsense is an invalid volume type$/);
      });
    });

    describe("subPath", () => {
      it("makes missing directories below the volume", async () => {
        const volume = await files.emptyDir("uid-1", "v", { medium: "" });
        assert.equal(await files.subPath(volume, "a/b"), `${volume}/a/b`);
        assert.equal(await world.kind(`${volume}/a/b`), "directory");
        assert.equal((await world.mode(`${volume}/a/b`)) & 0o777, 0o777);
      });

      it("takes a file that is there and follows links that stay inside", async () => {
        const volume = await files.emptyDir("uid-1", "v", { medium: "" });
        await world.makeDirectory(`${volume}/real/deep`);
        await world.makeFile(`${volume}/real/file`, "x");
        await world.makeLink(`${volume}/relative`, "real/deep/..");
        await world.makeLink(`${volume}/absolute`, `${volume}/real`);
        assert.equal(await files.subPath(volume, "real/file"), `${volume}/real/file`);
        assert.equal(await files.subPath(volume, "relative/file"), `${volume}/real/file`);
        assert.equal(await files.subPath(volume, "absolute/deep"), `${volume}/real/deep`);
        assert.equal(await files.subPath(volume, "."), volume);
      });

      it("refuses every way out of the volume and makes nothing there", async () => {
        const volume = await files.emptyDir("uid-1", "v", { medium: "" });
        await world.makeDirectory(`${world.scratch}/outside`);
        await world.makeLink(`${volume}/abs`, `${world.scratch}/outside`);
        await world.makeLink(`${volume}/up`, "../../..");
        await world.makeLink(`${volume}/namesake`, `${volume}-other`);
        await world.makeLink(`${volume}/loop`, "loop");
        for (const path of ["abs", "abs/new", "up", "up/new", "namesake"]) {
          await rejectsWith(files.subPath(volume, path), "Denied", /not within volume path/);
        }
        await rejectsWith(files.subPath(volume, "loop"), "Invalid", /too many links/);
        await rejectsWith(files.subPath(volume, "../x"), "Invalid", /relative path/);
        await rejectsWith(files.subPath(volume, "/etc"), "Invalid", /relative path/);
        assert.deepEqual(await world.list(`${world.scratch}/outside`), []);
      });

      it("refuses to go through a file", async () => {
        const volume = await files.emptyDir("uid-1", "v", { medium: "" });
        await world.makeFile(`${volume}/file`, "x");
        await assert.rejects(files.subPath(volume, "file/below"), HostError);
      });

      it("held for a container stays the same place, and goes with the pod but its content stays", async () => {
        await world.makeDirectory(`${world.scratch}/data/in`);
        await world.makeFile(`${world.scratch}/data/in/file`, "mine");
        const holder = { uid: "uid-1", volume: "v", container: "c", index: 2 };
        const held = await files.subPath(`${world.scratch}/data`, "in", holder);
        assert.match(held, /\/pods\/uid-1\/volume-subpaths\/v\/c\/2$/);
        assert.equal(await world.read(`${held}/file`), "mine");
        assert.equal(await files.subPath(`${world.scratch}/data`, "in", holder), held);
        const single = await files.subPath(`${world.scratch}/data`, "in/file", { ...holder, index: 3 });
        assert.equal(await world.read(single), "mine");
        assert.equal(await files.removePod("uid-1"), true);
        assert.equal(await world.read(`${world.scratch}/data/in/file`), "mine");
      });
    });

    describe("single files", () => {
      it("hosts file is written and replaced", async () => {
        await files.preparePod("uid-1", `${world.scratch}/logs`);
        const path = await files.writeHostsFile("uid-1", "127.0.0.1 localhost\n");
        assert.match(path, /\/pods\/uid-1\/etc-hosts$/);
        assert.equal(await files.writeHostsFile("uid-1", "::1 localhost\n"), path);
        assert.equal(await world.read(path), "::1 localhost\n");
      });

      it("of the machine are read, absent ones are undefined", async () => {
        await world.makeFile(`${world.scratch}/hosts`, "10.0.0.1 a\n");
        assert.equal(await files.hostFile(`${world.scratch}/hosts`), "10.0.0.1 a\n");
        assert.equal(await files.hostFile(`${world.scratch}/absent`), undefined);
        assert.equal(await files.hostFile(world.scratch), undefined);
      });

      it("termination logs are fresh, empty and writable by all users", async () => {
        const path = await files.createTerminationLog("uid-1", "main", 11);
        assert.match(path, /\/pods\/uid-1\/containers\/main\/0000000b$/);
        assert.equal((await world.mode(path)) & 0o777, 0o666);
        await world.makeFile(path, "old message");
        assert.equal(await files.createTerminationLog("uid-1", "main", 11), path);
        assert.equal(await world.read(path), "");
        assert.notEqual(await files.createTerminationLog("uid-1", "main", 12), path);
      });

      it("tails are the end of the file, and empty where there is none", async () => {
        await world.makeFile(`${world.scratch}/log`, "0123456789");
        assert.equal(await files.readTail(`${world.scratch}/log`, 4), "6789");
        assert.equal(await files.readTail(`${world.scratch}/log`, 100), "0123456789");
        assert.equal(await files.readTail(`${world.scratch}/absent`, 100), "");
        assert.equal(await files.readTail(world.scratch, 100), "");
      });
    });
  });
}
