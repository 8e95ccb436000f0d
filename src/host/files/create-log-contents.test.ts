import assert from "node:assert/strict";
import { once } from "node:events";
import { appendFile, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { OpenLog } from "../../ports/log-contents.ts";
import { createLogContents } from "./create-log-contents.ts";

describe("contents of a log", () => {
  const contents = createLogContents();
  let directory: string;
  let path: string;
  beforeEach(async () => {
    directory = await mkdtemp(`${tmpdir()}/tskubelet-log-`);
    path = `${directory}/0.log`;
    await writeFile(path, "hello");
  });
  afterEach(() => rm(directory, { recursive: true }));

  async function opened(): Promise<OpenLog> {
    const log = await contents.open(path);
    assert.ok(log !== undefined);
    return log;
  }

  it("can be read from anywhere, as far as there is something", async () => {
    const log = await opened();
    const text = async (offset: number, length: number) => Buffer.from(await log.read(offset, length)).toString();
    assert.deepEqual(
      [await log.sizeBytes(), await text(1, 3), await text(3, 100), await text(5, 1)],
      [5, "ell", "lo", ""],
    );
    await appendFile(path, "!");
    assert.equal(await text(5, 10), "!");
    await log.close();
  });

  it("stay those of the same file when another one takes its name", async () => {
    const log = await opened();
    await rename(path, `${path}.old`);
    assert.equal(await log.isReplaced(), false);
    await writeFile(path, "new");
    assert.equal(await log.isReplaced(), true);
    assert.equal(Buffer.from(await log.read(0, 10)).toString(), "hello");
    await log.close();
  });

  it("are none where there is no file", async () => {
    assert.equal(await contents.open(`${directory}/1.log`), undefined);
    assert.equal(await contents.open(`${directory}/none/0.log`), undefined);
  });

  it("tell of a change until told to stop", async () => {
    const changes = new EventTarget();
    const stop = contents.watch(path, () => changes.dispatchEvent(new Event("change")));
    const change = once(changes, "change");
    await appendFile(path, "more");
    await change;
    stop();
    contents.watch(`${directory}/none/0.log`, () => {})();
  });
});
