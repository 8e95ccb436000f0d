import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRuntimeError } from "../../src/ports/errors.ts";
import { type RuntimeUnderTest, settled, UNKNOWN_ID, untilExited, withPod } from "./runtime-fixture.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

export function execClaims(use: () => RuntimeUnderTest): void {
  describe("exec", () => {
    it("gives both streams and the exit code of a command", async () => {
      const subject = use();
      const { runtime, commands } = subject;
      await withPod(subject, async ({ start }) => {
        const id = await start(commands.sleep);
        const result = await settled(subject, runtime.execSync(id, commands.print("out", "err", 5), 10));
        assert.deepEqual([text(result.stdout), text(result.stderr), result.exitCode], ["out\n", "err\n", 5]);
      });
    });

    it("exceeds its deadline when the command does, and the container runs on", async () => {
      const subject = use();
      const { runtime, commands } = subject;
      await withPod(subject, async ({ start }) => {
        const id = await start(commands.sleep);
        await assert.rejects(settled(subject, runtime.execSync(id, commands.sleep, 1)), (error) =>
          isRuntimeError(error, "DeadlineExceeded"),
        );
        assert.equal((await runtime.containerStatus(id))?.state, "CONTAINER_RUNNING");
      });
    });

    it("fails when the program is not there, in a container that ended, and in one that is unknown", async () => {
      const subject = use();
      const { runtime, commands } = subject;
      await withPod(subject, async ({ start }) => {
        const running = await start(commands.sleep);
        await assert.rejects(settled(subject, runtime.execSync(running, ["/no/such/program"], 10)), (error) =>
          isRuntimeError(error),
        );
        const ended = await start(commands.exitWith(0), { metadata: { name: "second", attempt: 0 } });
        await untilExited(subject, ended);
        await assert.rejects(settled(subject, runtime.execSync(ended, commands.exitWith(0), 10)), (error) =>
          isRuntimeError(error),
        );
      });
      await assert.rejects(runtime.execSync(UNKNOWN_ID, commands.exitWith(0), 10), (error) =>
        isRuntimeError(error, "NotFound"),
      );
    });

    it("gives addresses for streaming", async () => {
      const subject = use();
      const { runtime, commands } = subject;
      await withPod(subject, async ({ sandboxId, start }) => {
        const containerId = await start(commands.sleep);
        const streams = { stdin: false, stdout: true, stderr: true, tty: false };
        const urls = [
          await runtime.exec({ containerId, command: commands.exitWith(0), ...streams }),
          await runtime.attach({ containerId, ...streams }),
          await runtime.portForward(sandboxId, [80]),
        ];
        assert.ok(
          urls.every((url) => /^https?:\/\/[^/]+\/./.test(url)),
          urls.join(" "),
        );
        assert.equal(new Set(urls).size, 3);
      });
    });
  });
}
