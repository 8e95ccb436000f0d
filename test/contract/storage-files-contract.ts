/** What every implementation of StorageFiles holds. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { HostError } from "../../src/ports/errors.ts";
import type { StorageFiles } from "../../src/ports/storage-files.ts";

export interface StorageWorld {
  readonly storage: StorageFiles;
  /** An empty directory. */
  readonly scratch: string;
  writeFile(path: string, text: string): Promise<void>;
  modeOf(path: string): Promise<number>;
  /** Mounts something over a directory. */
  mountOver(path: string): Promise<void>;
  unmount(path: string): Promise<void>;
  close(): Promise<void>;
}

const isBusy = (error: unknown) => error instanceof HostError && error.code === "Busy";

export function storageFilesContract(name: string, makeWorld: () => Promise<StorageWorld>): void {
  describe(`StorageFiles: ${name}`, () => {
    let world: StorageWorld;
    before(async () => {
      world = await makeWorld();
    });
    after(() => world.close());

    it("makes a claim's directory for everybody, and leaves one that is there as it is", async () => {
      const { storage, scratch } = world;
      const path = `${scratch}/claims/default/data`;
      await storage.claimDirectory(path);
      assert.equal((await world.modeOf(path)) & 0o777, 0o777);
      await world.writeFile(`${path}/kept`, "kept");
      await storage.claimDirectory(path);
      await assert.rejects(storage.removeEmpty(path), isBusy);
      assert.deepEqual(await storage.listDirectories(`${scratch}/claims/default`), ["data"]);
    });

    it("refuses a claim's directory where something else is", async () => {
      const { storage, scratch } = world;
      await world.writeFile(`${scratch}/file`, "text");
      await assert.rejects(storage.claimDirectory(`${scratch}/file`), (error) => error instanceof HostError);
    });

    it("removes what is empty and nothing else", async () => {
      const { storage, scratch } = world;
      await storage.makeDirectory(`${scratch}/a/b`);
      await assert.rejects(storage.removeEmpty(`${scratch}/a`), isBusy);
      await world.writeFile(`${scratch}/a/b/full`, "text");
      await assert.rejects(storage.removeEmpty(`${scratch}/a/b/full`), isBusy);
      await world.writeFile(`${scratch}/a/b/full`, "");
      for (const path of ["a/b/full", "a/b", "a", "never"]) await storage.removeEmpty(`${scratch}/${path}`);
      assert.equal(await storage.kindOf(`${scratch}/a`), undefined);
    });

    it("does not remove what something is mounted on", async () => {
      const { storage, scratch } = world;
      const path = `${scratch}/mounted`;
      await storage.makeDirectory(path);
      assert.equal(await storage.isMountPoint(path), false);
      await world.mountOver(path);
      assert.equal(await storage.isMountPoint(path), true);
      await assert.rejects(storage.removeEmpty(path), isBusy);
      await world.unmount(path);
      assert.equal(await storage.isMountPoint(path), false);
      await storage.removeEmpty(path);
    });

    it("reads the records that it wrote, and takes a broken one for none", async () => {
      const { storage, scratch } = world;
      const path = `${scratch}/record.json`;
      assert.equal(await storage.readRecord(path), undefined);
      await storage.writeRecord(path, { a: "1", b: "ü" });
      assert.deepEqual(await storage.readRecord(path), { a: "1", b: "ü" });
      await world.writeFile(path, '{"a": ');
      assert.equal(await storage.readRecord(path), undefined);
      await storage.removeRecord(path);
      await storage.removeRecord(path);
      assert.equal(await storage.kindOf(path), undefined);
    });

    it("tells what stands at a path", async () => {
      const { storage, scratch } = world;
      await world.writeFile(`${scratch}/plain`, "x");
      assert.deepEqual(
        [await storage.kindOf(scratch), await storage.kindOf(`${scratch}/plain`), await storage.kindOf("/no/such")],
        ["directory", "file", undefined],
      );
      assert.deepEqual(await storage.listDirectories("/no/such"), []);
    });
  });
}
