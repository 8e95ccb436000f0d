import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ContainerState, ContainerStatus, Pod } from "../api/types.ts";
import { podSummary } from "./pod-summary.ts";

const running: ContainerState = { running: { startedAt: "2024-01-01T00:00:00Z" } };
const exited = (exitCode: number, reason?: string): ContainerState => ({
  terminated: { exitCode, ...(reason !== undefined && { reason }) },
});
const waiting = (reason: string): ContainerState => ({ waiting: { reason } });

function status(name: string, state: ContainerState, more: Partial<ContainerStatus> = {}): ContainerStatus {
  return { name, image: "i", imageID: "", ready: state.running != null, restartCount: 0, state, ...more };
}

interface Parts {
  readonly phase?: string;
  readonly reason?: string;
  readonly init?: readonly ContainerStatus[];
  readonly main?: readonly ContainerStatus[];
  readonly conditions?: readonly string[];
  readonly deleted?: boolean;
}

function pod({ phase = "Running", reason, init = [], main = [], conditions = [], deleted = false }: Parts): Pod {
  return {
    metadata: { name: "p", ...(deleted && { deletionTimestamp: "2024-01-01T00:00:00Z" }) },
    spec: { containers: main.map(({ name }) => ({ name })), initContainers: init.map(({ name }) => ({ name })) },
    status: {
      phase,
      ...(reason !== undefined && { reason }),
      initContainerStatuses: init,
      containerStatuses: main,
      conditions: conditions.map((type) => ({ type, status: "True" })),
    },
  };
}

const text = (parts: Parts) => podSummary(pod(parts)).status;

describe("status of a pod in one word", () => {
  it("is the phase while no container has more to tell, and the pod's own reason before that", () => {
    assert.equal(text({ phase: "Pending" }), "Pending");
    assert.equal(text({ main: [status("a", running)] }), "Running");
    assert.equal(text({ phase: "Failed", reason: "Evicted" }), "Evicted");
  });

  it("tells how far init containers are, and why one does not get on", () => {
    const main = [status("m", waiting("PodInitializing"))];
    const done = status("one", exited(0, "Completed"));
    assert.equal(text({ main, init: [status("one", running), status("two", waiting("PodInitializing"))] }), "Init:0/2");
    assert.equal(text({ main, init: [done, status("two", waiting("PodInitializing"))] }), "Init:1/2");
    assert.equal(text({ main, init: [done, status("two", waiting("CrashLoopBackOff"))] }), "Init:CrashLoopBackOff");
    assert.equal(text({ main, init: [status("one", exited(3, "Error"))] }), "Init:Error");
    assert.equal(text({ main, init: [status("one", exited(3))] }), "Init:ExitCode:3");
    assert.equal(text({ main, init: [done] }), "PodInitializing");
  });

  it("is that of the first container with a reason", () => {
    const crash = status("b", waiting("CrashLoopBackOff"));
    assert.equal(text({ main: [status("a", running), crash, status("c", exited(1, "Error"))] }), "CrashLoopBackOff");
    assert.equal(text({ main: [status("a", { terminated: { exitCode: 137, signal: 9 } })] }), "Signal:9");
  });

  it("stays Running while another container runs beside a completed one", () => {
    const main = [status("a", exited(0, "Completed")), status("b", running)];
    assert.equal(text({ main, conditions: ["Ready"] }), "Running");
    assert.equal(text({ main }), "NotReady");
    assert.equal(text({ main: [status("a", exited(0, "Completed"))] }), "Completed");
  });

  it("is Terminating for a pod that is being deleted", () => {
    assert.equal(text({ main: [status("a", waiting("CrashLoopBackOff"))], deleted: true }), "Terminating");
  });
});

it("counts ready containers and restarts, and knows when the last restart was", () => {
  const ended = (finishedAt: string) => ({ terminated: { exitCode: 1, finishedAt } });
  const main = [
    status("a", running, { restartCount: 2, lastState: ended("2024-01-01T00:00:05Z") }),
    status("b", waiting("CrashLoopBackOff"), { restartCount: 3, lastState: ended("2024-01-01T00:00:09Z") }),
  ];
  const summary = podSummary(pod({ main }));
  assert.deepEqual(
    [summary.readyContainers, summary.containers, summary.restarts, summary.lastRestartAtMs],
    [1, 2, 5, Date.UTC(2024, 0, 1, 0, 0, 9)],
  );
});

it("counts sidecars as containers, and does not wait for their end", () => {
  const withSidecar = (side: ContainerStatus, conditions: readonly string[]) => {
    const shown = pod({ init: [side], main: [status("main", running)], conditions });
    return podSummary({ ...shown, spec: { ...shown.spec, containers: [{ name: "main" }], initContainers: [SIDECAR] } });
  };
  const started = withSidecar(status("side", running, { started: true, restartCount: 2 }), ["Initialized", "Ready"]);
  assert.deepEqual(
    [started.status, started.readyContainers, started.containers, started.restarts],
    ["Running", 2, 2, 2],
  );
  const starting = withSidecar(status("side", running, { started: false, ready: false }), []);
  assert.deepEqual([starting.status, starting.readyContainers, starting.containers], ["Init:0/1", 0, 2]);
});

const SIDECAR = { name: "side", restartPolicy: "Always" };
