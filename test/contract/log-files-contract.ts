import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { HostError } from "../../src/ports/errors.ts";
import type { LogFiles } from "../../src/ports/log-files.ts";
import type { FileWorld } from "./pod-files-contract.ts";

export interface LogFilesUnderTest {
  readonly files: LogFiles;
  readonly world: FileWorld;
  readonly podLogsDir: string;
  readonly containerLogsDir: string;
  readonly readBytes: (path: string) => Promise<Uint8Array>;
  readonly close: () => Promise<void>;
}

/** What every LogFiles must hold. */
export function logFilesContract(name: string, create: () => Promise<LogFilesUnderTest>): void {
  describe(`LogFiles: ${name}`, () => {
    let under: LogFilesUnderTest;
    let files: LogFiles;
    let world: FileWorld;
    let directory: string;
    let log: string;
    beforeEach(async () => {
      under = await create();
      ({ files, world } = under);
      directory = `${under.podLogsDir}/ns_pod_uid/main`;
      log = `${directory}/0.log`;
      await world.makeDirectory(directory);
    });
    afterEach(() => under.close());

    it("lists pod directories and removes them with all in them", async () => {
      await world.makeFile(log, "x");
      await world.makeDirectory(`${under.podLogsDir}/ns_other_uid2`);
      assert.deepEqual((await files.listPodDirectories()).toSorted(), ["ns_other_uid2", "ns_pod_uid"]);
      await files.removePodDirectory("ns_pod_uid");
      await files.removePodDirectory("ns_pod_uid");
      assert.deepEqual(await files.listPodDirectories(), ["ns_other_uid2"]);
    });

    it("removes nothing outside of its root", async () => {
      for (const bad of ["", "..", ".", "../x", "a/b"]) await assert.rejects(files.removePodDirectory(bad), HostError);
      assert.equal(await world.kind(directory), "directory");
    });

    it("lists a log with its rotated files and nothing else", async () => {
      await world.makeFile(log, "12345");
      await world.makeFile(`${log}.20240101-101010`, "123");
      await world.makeFile(`${log}.20240101-101010.gz`, "1");
      await world.makeFile(`${directory}/0.logs`, "no");
      await world.makeFile(`${directory}/1.log`, "no");
      const rotated = await files.listRotated(log);
      const sizes = Object.fromEntries(rotated.map((file) => [file.path.slice(directory.length + 1), file.sizeBytes]));
      assert.deepEqual(sizes, { "0.log": 5, "0.log.20240101-101010": 3, "0.log.20240101-101010.gz": 1 });
      assert.ok(rotated.every((file) => Number.isInteger(file.modifiedAtMs) && file.modifiedAtMs > 0));
      assert.deepEqual(await files.listRotated(`${directory}/absent/0.log`), []);
    });

    it("tells sizes, and that a log is not there", async () => {
      await world.makeFile(log, "12345");
      assert.equal(await files.size(log), 5);
      assert.equal(await files.size(`${log}.absent`), undefined);
    });

    it("renames, and says NotFound for what is not there", async () => {
      await world.makeFile(log, "x");
      await files.rename(log, `${log}.1`);
      assert.equal(await world.read(`${log}.1`), "x");
      await assert.rejects(
        files.rename(log, `${log}.2`),
        (error) => error instanceof HostError && error.code === "NotFound",
      );
    });

    it("removes, and takes what is not there as removed", async () => {
      await world.makeFile(log, "x");
      await files.remove(log);
      await files.remove(log);
      assert.equal(await world.kind(log), "absent");
    });

    it("compresses a log to another name and removes it, over what an interrupted run left", async () => {
      const text = "2024-01-01T00:00:00Z stdout F line\n".repeat(20_000);
      await world.makeFile(`${log}.1`, text);
      await world.makeFile(`${log}.1.gz.tmp`, "half");
      await files.compress(`${log}.1`, `${log}.1.gz`);
      assert.equal(new TextDecoder().decode(gunzipSync(await under.readBytes(`${log}.1.gz`))), text);
      assert.deepEqual(await world.list(directory), ["0.log.1.gz"]);
      await assert.rejects(files.compress(`${log}.1`, `${log}.1.gz`), HostError);
      assert.deepEqual(await world.list(directory), ["0.log.1.gz"]);
    });

    it("links and links anew", async () => {
      const link = `${under.containerLogsDir}/pod_ns_main-0123.log`;
      await world.makeFile(log, "zero");
      await world.makeFile(`${directory}/1.log`, "one");
      await files.link(link, log);
      await files.link(link, log);
      assert.equal(await world.read(link), "zero");
      await files.link(link, `${directory}/1.log`);
      assert.equal(await world.read(link), "one");
      assert.deepEqual(await world.list(under.containerLogsDir), ["pod_ns_main-0123.log"]);
    });

    it("removes links that lead nowhere, but not those that are to be kept", async () => {
      await world.makeFile(log, "zero");
      for (const [link, target] of [
        ["alive", log],
        ["dead", `${log}.gone`],
        ["rotating", `${log}.late`],
      ] as const) {
        await files.link(`${under.containerLogsDir}/${link}.log`, target);
      }
      await files.removeDanglingLinks((link) => link === "rotating.log");
      assert.deepEqual((await world.list(under.containerLogsDir)).toSorted(), ["alive.log", "rotating.log"]);
      await files.removeDanglingLinks();
      assert.deepEqual(await world.list(under.containerLogsDir), ["alive.log"]);
    });

    it("removes what a container left, with its link", async () => {
      const link = `${under.containerLogsDir}/main.log`;
      for (const each of ["0.log", "0.log.1", "0.log.2.gz", "1.log"]) await world.makeFile(`${directory}/${each}`, "x");
      await files.link(link, log);
      await files.removeContainerLogs(log, link);
      await files.removeContainerLogs(log, link);
      assert.deepEqual(await world.list(directory), ["1.log"]);
      assert.deepEqual(await world.list(under.containerLogsDir), []);
    });
  });
}
