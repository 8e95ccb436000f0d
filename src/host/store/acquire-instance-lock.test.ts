import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, it } from "node:test";
import { HostError } from "../../ports/errors.ts";
import { acquireInstanceLock } from "./acquire-instance-lock.ts";

describe("acquireInstanceLock", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(`${tmpdir()}/tskubelet-lock-`);
  });
  afterEach(() => rm(root, { recursive: true }));

  it("lets a second agent in only after the first has let go", () => {
    const lock = acquireInstanceLock(`${root}/made`);
    lock.release();
    acquireInstanceLock(`${root}/made`).release();
  });

  it("names the other agent, and is free as soon as that one is killed", async (context) => {
    const module = new URL("./acquire-instance-lock.ts", import.meta.url).href;
    const script = `(await import(process.argv[1])).acquireInstanceLock(process.argv[2]); gc(); console.log("held"); setInterval(() => {}, 1e6);`;
    const other = spawn(process.execPath, ["--expose-gc", "--input-type=module", "-e", script, module, root], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    context.after(() => other.kill("SIGKILL"));
    await once(other.stdout, "data");
    assert.throws(
      () => acquireInstanceLock(root),
      (error) => {
        assert.ok(error instanceof HostError);
        assert.equal(error.code, "Busy");
        assert.equal(error.message, `another agent (process ${other.pid}) is running on ${root}`);
        return true;
      },
    );
    other.kill("SIGKILL");
    await once(other, "exit");
    acquireInstanceLock(root).release();
  });
});
