import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodSandboxStatus } from "../cri/types.ts";
import { computePodActions } from "./actions.ts";
import type { RuntimeContainerStatus } from "./runtime-status.ts";

const pod = {
  metadata: { name: "p", namespace: "d", uid: "u" },
  spec: { containers: [{ name: "a" }], initContainers: [{ name: "i" }, { name: "j" }] },
};

function sandbox(state: PodSandboxStatus["state"]): PodSandboxStatus {
  return {
    id: "s",
    metadata: { name: "p", uid: "u", namespace: "d", attempt: 0 },
    state,
    createdAtMs: 0,
    labels: {},
    annotations: {},
    runtimeHandler: "",
  };
}

function instance(id: string, name: string, state: RuntimeContainerStatus["state"]): RuntimeContainerStatus {
  return {
    id,
    name,
    sandboxId: "s",
    state,
    createdAtMs: 0,
    startedAtMs: 0,
    finishedAtMs: 0,
    exitCode: 0,
    image: "",
    imageId: "",
    reason: "",
    message: "",
    restartCount: 0,
    hash: "",
  };
}

function actionsFor(state: PodSandboxStatus["state"], ...containerStatuses: RuntimeContainerStatus[]) {
  return computePodActions({
    pod,
    podStatus: { uid: "u", name: "p", namespace: "d", ips: [], sandboxStatuses: [sandbox(state)], containerStatuses },
    liveness: new Map(),
    startup: new Map(),
    hashOf: () => "",
  });
}

test("with a new sandbox no init container of the old one is left to look done", () => {
  const actions = actionsFor(
    "SANDBOX_NOTREADY",
    instance("i1", "i", "CONTAINER_EXITED"),
    instance("j1", "j", "CONTAINER_RUNNING"),
    instance("a1", "a", "CONTAINER_EXITED"),
  );
  assert.deepEqual(
    actions.initContainersToStart.map(({ name }) => name),
    ["i"],
  );
  assert.deepEqual(actions.initContainersToRemove, ["i1", "j1"]);
});

test("of ended init containers the newest of each name is kept, and a running one is no ended one", () => {
  const actions = actionsFor(
    "SANDBOX_READY",
    instance("i3", "i", "CONTAINER_EXITED"),
    instance("i2", "i", "CONTAINER_UNKNOWN"),
    instance("i1", "i", "CONTAINER_EXITED"),
    instance("j2", "j", "CONTAINER_RUNNING"),
    instance("j1", "j", "CONTAINER_EXITED"),
  );
  assert.deepEqual(actions.initContainersToRemove, ["i2", "i1"]);
});
