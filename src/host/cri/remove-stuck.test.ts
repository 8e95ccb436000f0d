import assert from "node:assert/strict";
import { test } from "node:test";
import type { CriContainer } from "../../core/cri/types.ts";
import { RuntimeError, type RuntimeErrorCode } from "../../ports/errors.ts";
import type { RuntimeService } from "../../ports/runtime.ts";
import { removeStuck } from "./remove-stuck.ts";

function stuck(code: RuntimeErrorCode, taskError?: RuntimeErrorCode) {
  const steps: string[] = [];
  let task = true;
  const runtime: Pick<RuntimeService, "removeContainer" | "removePodSandbox" | "listContainers"> = {
    async removePodSandbox(id) {
      steps.push(`remove ${id}`);
      if (task) throw new RuntimeError(code, "RemovePodSandbox", "failed to remove container");
    },
    async listContainers(filter) {
      return [{ id: "c", podSandboxId: filter?.podSandboxId ?? "" } as CriContainer];
    },
    async removeContainer(id) {
      steps.push(`remove ${id}`);
      if (task) throw new RuntimeError(code, "RemoveContainer", "cannot delete running task");
    },
  };
  const tasks = {
    async removeTask(id: string) {
      steps.push(`task ${id}`);
      if (taskError !== undefined) throw new RuntimeError(taskError, "Kill", "failed");
      task = false;
    },
  };
  return { steps, runtime: removeStuck(runtime as RuntimeService, tasks) };
}

test("a container with a task that CRI does not know of loses it and is removed", async () => {
  const { steps, runtime } = stuck("FailedPrecondition");
  await runtime.removeContainer("c");
  assert.deepEqual(steps, ["remove c", "task c", "remove c"]);
});

test("a sandbox loses such containers, whoever made them, and is removed", async () => {
  const { steps, runtime } = stuck("FailedPrecondition");
  await runtime.removePodSandbox("s");
  assert.deepEqual(steps, ["remove s", "remove c", "task c", "remove c", "remove s"]);
});

test("another failure is told as it is, and no task is touched", async () => {
  const { steps, runtime } = stuck("Unknown");
  await assert.rejects(runtime.removeContainer("c"), { code: "Unknown" });
  assert.deepEqual(steps, ["remove c"]);
});

test("a runtime that is no containerd tells its own failure", async () => {
  const { runtime } = stuck("FailedPrecondition", "Unimplemented");
  await assert.rejects(runtime.removeContainer("c"), { code: "FailedPrecondition" });
});
