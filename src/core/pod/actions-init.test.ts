import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container, PodSpec } from "../api/types.ts";
import type { PodSandboxStatus } from "../cri/types.ts";
import { computePodActions } from "./actions.ts";
import type { ProbeResult, RuntimeContainerStatus } from "./runtime-status.ts";

const SANDBOX: PodSandboxStatus = {
  id: "s",
  metadata: { name: "p", uid: "u", namespace: "d", attempt: 0 },
  state: "SANDBOX_READY",
  createdAtMs: 0,
  labels: {},
  annotations: {},
  runtimeHandler: "",
};

/** `NAME:STATE` or `NAME:EXIT CODE`. */
function instance(text: string): RuntimeContainerStatus {
  const [name = "", what = ""] = text.split(":");
  const states = { running: "CONTAINER_RUNNING", created: "CONTAINER_CREATED", unknown: "CONTAINER_UNKNOWN" } as const;
  const state = Object.hasOwn(states, what) ? states[what as keyof typeof states] : "CONTAINER_EXITED";
  return {
    id: `${name}-id`,
    name,
    sandboxId: "s",
    state,
    createdAtMs: 0,
    startedAtMs: 0,
    finishedAtMs: 0,
    exitCode: Number(what) || 0,
    image: "",
    imageId: "",
    reason: "",
    message: "",
    restartCount: 0,
    hash: "now",
  };
}

const init = (name: string): Container => ({ name });
const sidecar = (name: string, fields: Partial<Container> = {}): Container => ({
  name,
  restartPolicy: "Always",
  ...fields,
});
const PROBE = { exec: { command: ["true"] } };

interface Given {
  readonly spec: Partial<PodSpec>;
  readonly there: readonly string[];
  readonly startup?: Readonly<Record<string, ProbeResult>>;
  readonly liveness?: Readonly<Record<string, ProbeResult>>;
  readonly changed?: string;
}

function actions({ spec, there, startup = {}, liveness = {}, changed }: Given) {
  const result = computePodActions({
    pod: {
      metadata: { name: "p", namespace: "d", uid: "u" },
      spec: { containers: [{ name: "main" }], restartPolicy: "Always", ...spec },
    },
    podStatus: {
      uid: "u",
      name: "p",
      namespace: "d",
      ips: [],
      sandboxStatuses: [SANDBOX],
      containerStatuses: there.map(instance),
    },
    startup: new Map(Object.entries(startup)),
    liveness: new Map(Object.entries(liveness)),
    hashOf: ({ name }) => (name === changed ? "other" : "now"),
  });
  return {
    init: result.initContainersToStart.map(({ name }) => name),
    main: result.containersToStart.map(({ name }) => name),
    kill: result.containersToKill.map(({ name, message }) => `${name}: ${message}`),
    killPod: result.killPod,
  };
}

const NOTHING = { init: [], main: [], kill: [], killPod: false };

test("sidecars start in their turn, and the next container without waiting for their end", () => {
  const spec = { initContainers: [sidecar("a"), init("b"), sidecar("c")] };
  assert.deepEqual(actions({ spec, there: [] }), { ...NOTHING, init: ["a"] });
  assert.deepEqual(actions({ spec, there: ["a:running"] }), { ...NOTHING, init: ["b"] });
  assert.deepEqual(actions({ spec, there: ["a:running", "b:running"] }), NOTHING);
  assert.deepEqual(actions({ spec, there: ["a:running", "b:0"] }), { ...NOTHING, init: ["c"] });
  assert.deepEqual(actions({ spec, there: ["a:running", "b:0", "c:running"] }), { ...NOTHING, main: ["main"] });
});

test("a sidecar with a startup probe holds up the next container until it has succeeded", () => {
  const spec = { initContainers: [sidecar("a", { startupProbe: PROBE })] };
  assert.deepEqual(actions({ spec, there: ["a:running"] }), NOTHING);
  assert.deepEqual(actions({ spec, there: ["a:running"], startup: { "a-id": "Unknown" } }), NOTHING);
  const started = actions({ spec, there: ["a:running"], startup: { "a-id": "Success" } });
  assert.deepEqual(started, { ...NOTHING, main: ["main"] });
  const failed = actions({ spec, there: ["a:running"], startup: { "a-id": "Failure" } });
  assert.deepEqual(failed, { ...NOTHING, init: ["a"], kill: ["a: Init container a failed startup probe"] });
});

test("a sidecar that ended is started again, whatever its exit code and the pod's policy say", () => {
  for (const restartPolicy of ["Always", "OnFailure", "Never"]) {
    for (const code of [0, 1]) {
      const spec = { initContainers: [sidecar("a")], restartPolicy };
      assert.deepEqual(actions({ spec, there: [`a:${code}`] }), { ...NOTHING, init: ["a"] });
      assert.deepEqual(actions({ spec, there: [`a:${code}`, "main:running"] }), { ...NOTHING, init: ["a"] });
    }
  }
});

test("a sidecar that ended while a later init container runs is started again, and nothing else", () => {
  const spec = { initContainers: [sidecar("a"), init("b"), init("c")] };
  assert.deepEqual(actions({ spec, there: ["a:1", "b:running"] }), { ...NOTHING, init: ["a"] });
  assert.deepEqual(actions({ spec, there: ["a:1", "b:1"] }), { ...NOTHING, init: ["a", "b"] });
  assert.deepEqual(actions({ spec, there: ["a:1", "b:0"] }), { ...NOTHING, init: ["a", "c"] });
});

test("a sidecar whose instance was forgotten is made again beside what runs", () => {
  const spec = { initContainers: [sidecar("a"), init("b")] };
  assert.deepEqual(actions({ spec, there: ["main:running"] }), { ...NOTHING, init: ["a"] });
});

test("a running sidecar is replaced when its liveness fails or its spec changes", () => {
  const spec = { initContainers: [sidecar("a", { livenessProbe: PROBE })] };
  const there = ["a:running", "main:running"];
  const sick = actions({ spec, there, liveness: { "a-id": "Failure" } });
  assert.deepEqual(sick, { ...NOTHING, init: ["a"], kill: ["a: Init container a failed liveness probe"] });
  const changed = actions({ spec, there, changed: "a" });
  assert.deepEqual(changed, { ...NOTHING, init: ["a"], kill: ["a: Init container a definition changed"] });
});

test("a sidecar in an unknown state is ended before it is started again", () => {
  const spec = { initContainers: [sidecar("a")] };
  const kill = ['a: Init container is in "unknown" state, try killing it before restart'];
  assert.deepEqual(actions({ spec, there: ["a:unknown"] }), { ...NOTHING, init: ["a"], kill });
});

test("sidecars do not keep a pod alive, and are not started again, when the regular containers are done", () => {
  const spec = { initContainers: [sidecar("a"), sidecar("b")], restartPolicy: "Never" };
  assert.deepEqual(actions({ spec, there: ["a:running", "b:1", "main:0"] }), { ...NOTHING, killPod: true });
  assert.deepEqual(actions({ spec, there: ["a:1", "b:running", "main:0"] }), { ...NOTHING, killPod: true });
  assert.deepEqual(actions({ spec, there: ["a:running", "b:running", "main:1"] }), { ...NOTHING, killPod: true });
});

test("an init container that its own policy or a rule starts again does not fail the pod", () => {
  const rule = { action: "Restart", exitCodes: { operator: "In", values: [7] } };
  const retried = { name: "a", restartPolicy: "Never", restartPolicyRules: [rule] };
  const spec = { initContainers: [retried] };
  assert.deepEqual(actions({ spec, there: ["a:7"] }), { ...NOTHING, init: ["a"] });
  assert.deepEqual(actions({ spec, there: ["a:8"] }), { ...NOTHING, killPod: true });
  const own = { initContainers: [{ name: "a", restartPolicy: "OnFailure" }], restartPolicy: "Never" };
  assert.deepEqual(actions({ spec: own, there: ["a:8"] }), { ...NOTHING, init: ["a"] });
});

test("regular containers end and come back each by its own policy", () => {
  const containers = [
    { name: "main", restartPolicy: "Never" },
    { name: "again", restartPolicy: "Always" },
    { name: "plain" },
  ];
  const spec = { containers, restartPolicy: "OnFailure" };
  assert.deepEqual(actions({ spec, there: ["main:1", "again:0", "plain:1"] }).main, ["again", "plain"]);
  const sick = actions({
    spec: { containers: [{ name: "main", restartPolicy: "Never", livenessProbe: PROBE }, { name: "again" }] },
    there: ["main:running", "again:running"],
    liveness: { "main-id": "Failure" },
  });
  assert.deepEqual(sick, { ...NOTHING, kill: ["main: Container main failed liveness probe"] });
});
