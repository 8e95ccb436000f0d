import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRuntimeError } from "../../src/ports/errors.ts";
import {
  containerConfig,
  eventually,
  type RuntimeUnderTest,
  sandboxConfig,
  settled,
  UNKNOWN_ID,
  untilExited,
  withPod,
} from "./runtime-fixture.ts";

export function containerClaims(use: () => RuntimeUnderTest): void {
  describe("containers", () => {
    it("goes from created to running to exited, with times and the exit code", async () => {
      const subject = use();
      const { runtime, commands } = subject;
      await withPod(subject, async ({ create }) => {
        const id = await create(commands.exitWith(7));
        const created = await runtime.containerStatus(id);
        assert.equal(created?.state, "CONTAINER_CREATED");
        assert.deepEqual([created.startedAtMs, created.finishedAtMs], [0, 0]);
        await settled(subject, runtime.startContainer(id));
        const exited = await untilExited(subject, id);
        assert.equal(exited?.exitCode, 7);
        assert.equal(exited.reason, "Error");
        assert.ok(exited.createdAtMs > 0 && exited.startedAtMs >= exited.createdAtMs);
        // A program may end before the runtime has noted its start: finished then lies before started.
        assert.ok(exited.finishedAtMs >= exited.createdAtMs);
      });
    });

    it("is completed when it ends with 0", async () => {
      const subject = use();
      await withPod(subject, async ({ start }) => {
        const exited = await untilExited(subject, await start(subject.commands.exitWith(0)));
        assert.deepEqual([exited?.exitCode, exited?.reason], [0, "Completed"]);
      });
    });

    it("says what it was made of, in its status and in the list", async () => {
      const subject = use();
      const { runtime, image, commands } = subject;
      await withPod(subject, async ({ config, sandboxId, start }) => {
        const id = await start(commands.sleep, { metadata: { name: "main", attempt: 3 } });
        const status = await runtime.containerStatus(id);
        const [row] = await runtime.listContainers({ id });
        const imageId = (await runtime.containerStatus(id))?.imageRef;
        for (const seen of [status, row]) {
          assert.equal(seen?.id, id);
          assert.equal(seen.state, "CONTAINER_RUNNING");
          assert.deepEqual({ ...seen.metadata }, { name: "main", attempt: 3 });
          assert.deepEqual({ ...seen.labels }, { container: "main" });
          assert.deepEqual({ ...seen.annotations }, { "example.org/attempt": "3" });
          assert.equal(seen.image.image, image);
          assert.equal(seen.imageRef, imageId);
        }
        assert.equal(row?.podSandboxId, sandboxId);
        assert.equal(status?.logPath, `${config.logDirectory}/main/3.log`);
      });
    });

    it("is found by ID, state, sandbox and labels, all of which must match", async () => {
      const subject = use();
      const { runtime, commands } = subject;
      await withPod(subject, async ({ sandboxId: podSandboxId, start, create }) => {
        const running = await start(commands.sleep);
        const created = await create(commands.sleep, {
          metadata: { name: "second", attempt: 0 },
          labels: { container: "second", tier: "back" },
        });
        const find = async (filter: Parameters<typeof runtime.listContainers>[0]) =>
          (await runtime.listContainers(filter)).map((container) => container.id).sort();
        assert.deepEqual(await find({ podSandboxId }), [running, created].sort());
        assert.deepEqual(await find({ podSandboxId, state: "CONTAINER_RUNNING" }), [running]);
        assert.deepEqual(await find({ podSandboxId, state: "CONTAINER_CREATED" }), [created]);
        assert.deepEqual(await find({ podSandboxId, labelSelector: { tier: "back" } }), [created]);
        assert.deepEqual(await find({ id: created, podSandboxId }), [created]);
        assert.deepEqual(await find({ id: created, state: "CONTAINER_RUNNING" }), []);
        assert.deepEqual(await find({ podSandboxId: UNKNOWN_ID }), []);
        assert.ok((await find(undefined)).includes(running));
      });
    });

    it("ends with its own code when it minds SIGTERM, well before the grace is over", async () => {
      const subject = use();
      const { runtime, commands } = subject;
      await withPod(subject, async ({ start }) => {
        const id = await start(commands.untilTerm.argv);
        await subject.pass(200); // the program sets its handler up
        await settled(subject, runtime.stopContainer(id, 60));
        const status = await runtime.containerStatus(id);
        assert.deepEqual([status?.state, status?.exitCode], ["CONTAINER_EXITED", commands.untilTerm.exitCode]);
      });
    });

    it("is killed when the grace is over, not before", async () => {
      const subject = use();
      const { runtime, commands } = subject;
      await withPod(subject, async ({ start }) => {
        const id = await start(commands.ignoreTerm);
        const before = await runtime.containerStatus(id);
        await subject.pass(200);
        await settled(subject, runtime.stopContainer(id, 1));
        const status = await runtime.containerStatus(id);
        assert.deepEqual([status?.state, status?.exitCode], ["CONTAINER_EXITED", 137]);
        assert.ok((status?.finishedAtMs ?? 0) - (before?.startedAtMs ?? 0) >= 1000);
      });
    });

    it("is killed at once without grace, and may be stopped again", async () => {
      const subject = use();
      const { runtime, commands } = subject;
      await withPod(subject, async ({ start }) => {
        const id = await start(commands.ignoreTerm);
        await settled(subject, runtime.stopContainer(id, 0));
        assert.equal((await runtime.containerStatus(id))?.exitCode, 137);
        await settled(subject, runtime.stopContainer(id, 0));
      });
    });

    it("rejects a stop whose deadline comes first, and one that is cancelled", async () => {
      const subject = use();
      const { runtime, commands } = subject;
      await withPod(subject, async ({ start }) => {
        const id = await start(commands.ignoreTerm);
        await assert.rejects(settled(subject, runtime.stopContainer(id, 30, { timeoutMs: 100 })), (error) =>
          isRuntimeError(error, "DeadlineExceeded"),
        );
        const controller = new AbortController();
        const stop = runtime.stopContainer(id, 30, { signal: controller.signal });
        controller.abort();
        await assert.rejects(settled(subject, stop), (error) => isRuntimeError(error, "Cancelled"));
        await assert.rejects(runtime.version({ signal: controller.signal }), (error) =>
          isRuntimeError(error, "Cancelled"),
        );
      });
    });

    it("is gone once removed, also twice, and a running one is killed for it", async () => {
      const subject = use();
      const { runtime, commands } = subject;
      await withPod(subject, async ({ sandboxId, start }) => {
        const id = await start(commands.ignoreTerm);
        await settled(subject, runtime.removeContainer(id));
        assert.equal(await runtime.containerStatus(id), undefined);
        assert.deepEqual(await runtime.listContainers({ podSandboxId: sandboxId }), []);
        await settled(subject, runtime.removeContainer(id));
      });
    });

    it("starts once only", async () => {
      const subject = use();
      const { runtime, commands } = subject;
      await withPod(subject, async ({ start }) => {
        const running = await start(commands.sleep);
        await assert.rejects(settled(subject, runtime.startContainer(running)), (error) => isRuntimeError(error));
        assert.equal((await runtime.containerStatus(running))?.state, "CONTAINER_RUNNING");
      });
    });

    it("has a second attempt beside the first one's remains, but not the same attempt twice", async () => {
      const subject = use();
      const { runtime, commands } = subject;
      await withPod(subject, async ({ sandboxId, start, create }) => {
        await untilExited(subject, await start(commands.exitWith(1)));
        await assert.rejects(create(commands.sleep), (error) => isRuntimeError(error));
        await start(commands.sleep, { metadata: { name: "main", attempt: 1 } });
        const rows = await runtime.listContainers({ podSandboxId: sandboxId });
        assert.deepEqual(rows.map((row) => [row.metadata.attempt, row.state]).sort(), [
          [0, "CONTAINER_EXITED"],
          [1, "CONTAINER_RUNNING"],
        ]);
      });
    });

    it("cannot be created from an image that is not there, nor in a sandbox that is not", async () => {
      const subject = use();
      const { runtime, commands } = subject;
      await withPod(subject, async ({ create }) => {
        const image = { image: "localhost/tskubelet/no-such-image:1" };
        await assert.rejects(create(commands.sleep, { image }), (error) => isRuntimeError(error, "NotFound"));
      });
      const config = containerConfig(subject, commands.sleep);
      await assert.rejects(
        settled(subject, runtime.createContainer(UNKNOWN_ID, config, sandboxConfig(subject))),
        (error) => isRuntimeError(error, "NotFound"),
      );
    });

    it("fails to start when its program is not there, and is exited then", async () => {
      const subject = use();
      const { runtime } = subject;
      await withPod(subject, async ({ create }) => {
        const id = await create(["/no/such/program"]);
        await assert.rejects(settled(subject, runtime.startContainer(id)), (error) => isRuntimeError(error));
        const exited = await untilExited(subject, id);
        assert.notEqual(exited?.exitCode, 0);
        assert.equal(exited?.reason, "StartError");
        assert.notEqual(exited.message, "");
      });
    });

    it("is absent when unknown, and stopping or removing it is no failure", async () => {
      const { runtime } = use();
      assert.equal(await runtime.containerStatus(UNKNOWN_ID), undefined);
      assert.equal(await runtime.containerStats(UNKNOWN_ID), undefined);
      await runtime.stopContainer(UNKNOWN_ID, 1);
      await runtime.removeContainer(UNKNOWN_ID);
      await assert.rejects(runtime.startContainer(UNKNOWN_ID), (error) => isRuntimeError(error, "NotFound"));
    });

    it("writes both streams to its log, one line each with time, stream and tag", async () => {
      const subject = use();
      await withPod(subject, async ({ config, start }) => {
        await untilExited(subject, await start(subject.commands.print("to stdout", "to stderr", 0)));
        const text = await eventually(
          subject,
          () => subject.readText(`${config.logDirectory}/main/0.log`),
          (content) => content.split("\n").length > 2,
        );
        const lines = text
          .split("\n")
          .map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d) /, ""));
        assert.deepEqual(lines.sort(), ["", "stderr F to stderr", "stdout F to stdout"]);
      });
    });

    it("writes to a new log file once told to reopen it", async () => {
      const subject = use();
      const { runtime, commands } = subject;
      await withPod(subject, async ({ config, start }) => {
        const id = await start(commands.repeat("again"));
        const path = `${config.logDirectory}/main/0.log`;
        const hasLines = (content: string) => content.includes("stdout F again");
        await eventually(subject, () => subject.readText(path), hasLines);
        await subject.moveFile(path, `${path}.rotated`);
        await settled(subject, runtime.reopenContainerLog(id));
        await eventually(subject, () => subject.readText(path), hasLines);
        assert.ok(hasLines(await subject.readText(`${path}.rotated`)));
      });
    });

    it("takes new limits while it runs", async () => {
      const subject = use();
      const { runtime, commands } = subject;
      await withPod(subject, async ({ start }) => {
        const id = await start(commands.sleep, { linux: { resources: { memoryLimitInBytes: 64 * 2 ** 20 } } });
        await settled(subject, runtime.updateContainerResources(id, { memoryLimitInBytes: 96 * 2 ** 20 }));
        const status = await runtime.containerStatus(id);
        assert.equal(status?.state, "CONTAINER_RUNNING");
        assert.equal(status.resources?.memoryLimitInBytes ?? 96 * 2 ** 20, 96 * 2 ** 20);
      });
    });

    it("has statistics while it runs, alone and in the list of its sandbox", async () => {
      const subject = use();
      const { runtime, commands } = subject;
      await withPod(subject, async ({ sandboxId: podSandboxId, start }) => {
        const id = await start(commands.sleep);
        const stats = await eventually(
          subject,
          () => runtime.containerStats(id),
          (seen) => (seen?.memory?.workingSetBytes ?? 0) > 0,
        );
        assert.equal(stats?.id, id);
        assert.deepEqual({ ...stats.metadata }, { name: "main", attempt: 0 });
        assert.deepEqual({ ...stats.labels }, { container: "main" });
        assert.ok((stats.cpu?.usageCoreNanoSeconds ?? 0) > 0 && (stats.cpu?.timestampMs ?? 0) > 0);
        const listed = await runtime.listContainerStats({ podSandboxId });
        assert.deepEqual(
          listed.map((row) => row.id),
          [id],
        );
      });
    });
  });
}
