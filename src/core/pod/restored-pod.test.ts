import assert from "node:assert/strict";
import { test } from "node:test";
import { toRuntimeContainerStatus } from "../cri/container-status.ts";
import { containerAnnotations, containerLabels } from "../cri/labels.ts";
import type { CriContainerStatus } from "../cri/types.ts";
import { restoredPod } from "./restored-pod.ts";

const preStop = { exec: { command: ["bye"] } };
const pod = {
  metadata: { name: "p", namespace: "ns", uid: "u" },
  spec: {
    containers: [{ name: "main", lifecycle: { preStop }, ports: [{ containerPort: 80, name: "web" }] }, { name: "b" }],
    terminationGracePeriodSeconds: 45,
  },
};

function statusOf(name: string): CriContainerStatus {
  const container = pod.spec.containers.find((each) => each.name === name) ?? { name };
  return {
    id: `${name}-id`,
    metadata: { name, attempt: 0 },
    state: "CONTAINER_RUNNING",
    createdAtMs: 0,
    startedAtMs: 0,
    finishedAtMs: 0,
    exitCode: 0,
    image: { image: "" },
    imageRef: "",
    reason: "",
    message: "",
    labels: containerLabels(pod, container),
    annotations: containerAnnotations(pod, container, 0),
    mounts: [],
    logPath: "",
  };
}

test("a pod whose spec is lost is ended as it was meant to be: with its grace and its hooks", () => {
  const containerStatuses = ["main", "b"].map((name) => toRuntimeContainerStatus(statusOf(name), "s"));
  const base = { uid: "u", name: "p", namespace: "ns", ips: [], sandboxStatuses: [] };
  assert.deepEqual(restoredPod({ ...base, containerStatuses }), pod);
  const silent = { ...base, containerStatuses: containerStatuses.map(({ ending: _, ...rest }) => rest) };
  assert.deepEqual(restoredPod(silent).spec, { containers: [{ name: "main" }, { name: "b" }] });
});
