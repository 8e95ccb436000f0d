import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod, PodStatus } from "../api/types.ts";
import type { RuntimeContainerStatus, RuntimePodStatus } from "./runtime-status.ts";
import { generatePodStatus, type PodStatusInput } from "./status.ts";

const pod: Pod = {
  metadata: { name: "p", namespace: "d", uid: "u" },
  spec: { containers: [{ name: "a", image: "i" }] },
};

function running(id: string, createdAtMs: number): RuntimeContainerStatus {
  return {
    id,
    name: "a",
    sandboxId: "s",
    state: "CONTAINER_RUNNING",
    createdAtMs,
    startedAtMs: createdAtMs,
    finishedAtMs: 0,
    exitCode: 0,
    image: "i",
    imageId: "sha",
    reason: "",
    message: "",
    restartCount: 0,
    hash: "",
  };
}

function observed(...containerStatuses: RuntimeContainerStatus[]): RuntimePodStatus {
  return { uid: "u", name: "p", namespace: "d", ips: [], sandboxStatuses: [], containerStatuses };
}

function status(change: Partial<PodStatusInput>): PodStatus {
  return generatePodStatus({
    pod,
    qosClass: "BestEffort",
    podStatus: observed(running("c", 1_000)),
    startErrors: new Map(),
    probes: { readiness: new Map(), startup: new Map() },
    runtimeName: "containerd",
    hostIps: [],
    ...change,
  });
}

test("an eviction decides the phase and its words, unless the API already shows an end", () => {
  const evict = { reason: "Evicted", message: "low on memory" };
  const { phase, reason, message } = status({ evict });
  assert.deepEqual({ phase, reason, message }, { phase: "Failed", reason: "Evicted", message: "low on memory" });
  assert.equal(status({ evict, pod: { ...pod, status: { phase: "Succeeded" } } }).phase, "Succeeded");
});

test("conditions of others stay, and the agent's own DisruptionTarget replaces an older one", () => {
  const types = (result: PodStatus) => result.conditions?.map(({ type, status: value }) => `${type}=${value}`);
  const gate = { type: "example.com/gate", status: "False" };
  const stale = { type: "DisruptionTarget", status: "False" };
  const fresh = { type: "DisruptionTarget", status: "True" };
  const own = ["Initialized=True", "Ready=True", "ContainersReady=True", "PodScheduled=True"];
  const shown = { ...pod, status: { conditions: [stale, gate, { type: "Ready", status: "False" }] } };
  assert.deepEqual(types(status({ pod: shown })), ["DisruptionTarget=False", "example.com/gate=False", ...own]);
  assert.deepEqual(types(status({ pod: shown, previous: { conditions: [fresh] } })), [
    "DisruptionTarget=True",
    "example.com/gate=False",
    ...own,
  ]);
  assert.deepEqual(types(status({ previous: { conditions: [fresh] } })), ["DisruptionTarget=True", ...own]);
});

test("addresses come in the order of the node's family, one of each", () => {
  const ips = ["fd00::5", "10.0.0.5", "10.0.0.6", ""];
  const podStatus = { ...observed(), ips };
  assert.deepEqual(status({ podStatus, hostIps: ["192.168.0.1"] }).podIPs, [{ ip: "10.0.0.5" }, { ip: "fd00::5" }]);
  assert.deepEqual(status({ podStatus, hostIps: ["fd00::1"] }).podIPs, [{ ip: "fd00::5" }, { ip: "10.0.0.5" }]);
});

test("a pod on the host network has both addresses of a dual-stack node", () => {
  const hostIps = ["192.168.0.1", "fd00::1"];
  const onHost = { ...pod, spec: { hostNetwork: true, containers: [{ name: "a" }] } };
  const result = status({ pod: onHost, hostIps });
  assert.equal(result.podIP, "192.168.0.1");
  assert.deepEqual(result.podIPs, [{ ip: "192.168.0.1" }, { ip: "fd00::1" }]);
  assert.equal(status({ pod: onHost }).podIP, undefined, "nothing is known of the node");
});

test("a container lost while it was running counts as killed", () => {
  const previous: PodStatus = {
    containerStatuses: [
      { name: "a", image: "i", imageID: "", ready: true, restartCount: 3, state: { running: {} }, lastState: {} },
    ],
  };
  const podStatus = observed({ ...running("c", 1_000), state: "CONTAINER_UNKNOWN" });
  const [container] = status({ podStatus, previous }).containerStatuses ?? [];
  assert.equal(container?.restartCount, 4);
  assert.equal(container?.state?.terminated?.exitCode, 137);
});
