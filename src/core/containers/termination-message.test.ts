import assert from "node:assert/strict";
import { test } from "node:test";
import type { CriContainerStatus } from "../cri/types.ts";
import { terminationMessageSource } from "./termination-message.ts";

const exited: CriContainerStatus = {
  id: "1",
  metadata: { name: "c", attempt: 0 },
  state: "CONTAINER_EXITED",
  createdAtMs: 1,
  startedAtMs: 2,
  finishedAtMs: 3,
  exitCode: 1,
  image: { image: "app" },
  imageRef: "sha256:1",
  reason: "Error",
  message: "",
  labels: {},
  annotations: {
    "io.kubernetes.container.terminationMessagePath": "/dev/termination-log",
    "io.kubernetes.container.terminationMessagePolicy": "FallbackToLogsOnError",
  },
  mounts: [{ containerPath: "/dev/termination-log", hostPath: "/var/lib/x" }],
  logPath: "/var/log/x",
};

test("the message lies where the termination log is mounted from", () => {
  assert.deepEqual(terminationMessageSource(exited), { path: "/var/lib/x", fallbackToLog: true });
  assert.deepEqual(terminationMessageSource({ ...exited, mounts: [] }), { fallbackToLog: true });
});

test("the log stands in only for a container that ran and failed", () => {
  assert.equal(terminationMessageSource({ ...exited, exitCode: 0 }).fallbackToLog, false);
  assert.equal(terminationMessageSource({ ...exited, reason: "ContainerCannotRun" }).fallbackToLog, false);
  assert.deepEqual(terminationMessageSource({ ...exited, state: "CONTAINER_RUNNING" }), { fallbackToLog: false });
});
