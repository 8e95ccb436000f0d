/** What a pod with sidecars, or with containers of their own restart policy, comes to in its status. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container, ContainerStatus, PodSpec } from "../api/types.ts";
import { containersReadyCondition, podInitializedCondition } from "./conditions.ts";
import { podPhase } from "./phase.ts";
import { withInitReadiness } from "./status-probes.ts";

const BASE = { ready: false, restartCount: 0, image: "", imageID: "" };
const SIDECAR: Container = { name: "side", restartPolicy: "Always", startupProbe: {}, readinessProbe: {} };

const running = (name: string, started?: boolean): ContainerStatus => ({
  ...BASE,
  name,
  containerID: `containerd://${name}-id`,
  state: { running: {} },
  ...(started !== undefined && { started, ready: started }),
});
const ended = (name: string, exitCode: number): ContainerStatus => ({
  ...BASE,
  name,
  state: { terminated: { exitCode } },
});
const waiting = (name: string, lastExitCode?: number): ContainerStatus => ({
  ...BASE,
  name,
  state: { waiting: {} },
  ...(lastExitCode !== undefined && { lastState: { terminated: { exitCode: lastExitCode } } }),
});

function specOf(fields: Partial<PodSpec>): PodSpec {
  return { containers: [{ name: "main" }], initContainers: [SIDECAR], restartPolicy: "Always", ...fields };
}

test("a pod stays Pending until its sidecars have started up, and is Running then", () => {
  const spec = specOf({});
  assert.equal(podPhase(spec, [running("side", false), waiting("main")]), "Pending");
  assert.equal(podPhase(spec, [running("side", true), waiting("main")]), "Pending");
  assert.equal(podPhase(spec, [running("side", true), running("main")]), "Running");
});

test("a sidecar that starts again does not take a running pod back to Pending", () => {
  const spec = specOf({});
  assert.equal(podPhase(spec, [running("side", false), running("main")]), "Running");
  assert.equal(podPhase(spec, [waiting("side", 1), running("main")]), "Running");
});

test("exit codes of sidecars do not count, but one that runs keeps the pod Running", () => {
  const spec = specOf({ restartPolicy: "Never" });
  assert.equal(podPhase(spec, [ended("side", 1), ended("main", 0)]), "Succeeded");
  assert.equal(podPhase(spec, [ended("side", 0), ended("main", 1)]), "Failed");
  assert.equal(podPhase(spec, [waiting("side", 137), ended("main", 0)]), "Succeeded");
  assert.equal(podPhase(spec, [running("side", true), ended("main", 0)]), "Running");
});

test("a container with a policy of its own decides by it whether the pod is over", () => {
  const containers = [{ name: "main", restartPolicy: "Never" }];
  const spec = specOf({ containers, initContainers: [] });
  assert.equal(podPhase(spec, [ended("main", 0)]), "Succeeded");
  assert.equal(podPhase(spec, [ended("main", 1)]), "Failed");
  const again = specOf({
    containers: [{ name: "main", restartPolicy: "OnFailure" }],
    initContainers: [],
    restartPolicy: "Never",
  });
  assert.equal(podPhase(again, [ended("main", 1)]), "Running");
  assert.equal(podPhase(again, [waiting("main", 1)]), "Running");
  assert.equal(podPhase(again, [ended("main", 0)]), "Succeeded");
});

test("an init container that is tried again by its own policy does not fail the pod", () => {
  const initContainers = [{ name: "init", restartPolicy: "OnFailure" }];
  const spec = specOf({ initContainers, restartPolicy: "Never" });
  assert.equal(podPhase(spec, [ended("init", 1), waiting("main")]), "Pending");
  assert.equal(
    podPhase(specOf({ initContainers: [{ name: "init", restartPolicy: "Never" }] }), [ended("init", 1)]),
    "Failed",
  );
});

test("a sidecar is started and ready by its probes, like a regular container", () => {
  const spec = specOf({});
  const results = (startup: "Success" | "Failure", readiness?: "Success" | "Failure") => ({
    startup: new Map([["side-id", startup] as const]),
    readiness: new Map(readiness === undefined ? [] : [["side-id", readiness] as const]),
  });
  const seen = (...args: Parameters<typeof results>) => {
    const [status] = withInitReadiness([running("side")], spec, results(...args));
    return [status?.started, status?.ready];
  };
  assert.deepEqual(seen("Failure", "Success"), [false, false]);
  assert.deepEqual(seen("Success"), [true, false]);
  assert.deepEqual(seen("Success", "Success"), [true, true]);
});

test("Initialized means started sidecars; a started main container keeps it so", () => {
  const spec = specOf({});
  const condition = (...statuses: readonly ContainerStatus[]) =>
    podInitializedCondition(spec, statuses, "Running").status;
  assert.equal(condition(running("side", false), waiting("main")), "False");
  assert.equal(condition(running("side", true), waiting("main")), "True");
  assert.equal(condition(waiting("side", 1), running("main", true)), "True");
});

test("a sidecar that is not ready makes the pod not ready", () => {
  const spec = specOf({});
  assert.equal(
    containersReadyCondition(spec, [running("side", true), running("main", true)], "Running").status,
    "True",
  );
  assert.deepEqual(containersReadyCondition(spec, [running("side", false), running("main", true)], "Running"), {
    type: "ContainersReady",
    status: "False",
    reason: "ContainersNotReady",
    message: "containers with unready status: [side]",
  });
});
