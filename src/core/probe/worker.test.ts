import assert from "node:assert/strict";
import { test } from "node:test";
import {
  beginProbe,
  concludeProbe,
  NEW_PROBE_WORKER,
  type ProbeObservation,
  type ProbeWorkerConfig,
  probedContainer,
} from "./worker.ts";

const CONFIG: ProbeWorkerConfig = {
  probeType: "readiness",
  initialDelaySeconds: 0,
  successThreshold: 1,
  failureThreshold: 3,
  comesBack: true,
};
const running = (more: object = {}): ProbeObservation => ({
  nowMs: 10_000,
  podDeleted: false,
  pod: { phase: "Running", container: { id: "c1", startedAtMs: 1_500, isTerminated: false, started: true } },
  ...more,
});

test("a result on record for an instance that is new to the probe stays", () => {
  assert.deepEqual(beginProbe(CONFIG, NEW_PROBE_WORKER, running()).records, [
    { kind: "set", containerId: "c1", result: "Failure" },
  ]);
  assert.deepEqual(beginProbe(CONFIG, NEW_PROBE_WORKER, running({ known: "Success" })).records, []);
});

test("the end of the initial delay is known to the millisecond, but counted in whole seconds", () => {
  const delayed = { ...CONFIG, initialDelaySeconds: 9 };
  const turn = beginProbe(delayed, NEW_PROBE_WORKER, running());
  assert.deepEqual([turn.plan, turn.trace, turn.waitMs], ["wait", "InitialDelay", 500]);
  assert.equal(beginProbe(delayed, NEW_PROBE_WORKER, running({ nowMs: 10_500 })).plan, "probe");
});

test("after a failure that restarts the container it is left alone until there is another instance", () => {
  const config = { ...CONFIG, probeType: "liveness", failureThreshold: 1 } as const;
  const { state } = beginProbe(config, NEW_PROBE_WORKER, running());
  const failed = concludeProbe(config, state, { result: "Failure", output: "no" });
  assert.equal(failed.event?.message, "Liveness probe failed: no");
  assert.equal(beginProbe(config, failed.state, running()).trace, "OnHold");
  const next = { id: "c2", startedAtMs: 9_000, isTerminated: false, started: true };
  const turn = beginProbe(config, failed.state, running({ pod: { phase: "Running", container: next } }));
  assert.deepEqual(turn.records, [
    { kind: "remove", containerId: "c1" },
    { kind: "set", containerId: "c2", result: "Success" },
  ]);
});

test("a probe that could not be carried out changes no result and no count", () => {
  const before = { containerId: "c1", lastResult: "Failure", resultRun: 2, onHold: false } as const;
  const { state, records, event } = concludeProbe(CONFIG, before, { error: "no runtime" });
  assert.deepEqual([state, records], [before, []]);
  assert.equal(event?.message, "Readiness probe errored: no runtime");
});

test("an instance is found among containers, then among init containers, once it has an id", () => {
  const status = {
    containerStatuses: [{ name: "a", image: "", imageID: "", ready: false, restartCount: 0 }],
    initContainerStatuses: [
      {
        name: "a",
        containerID: "x://i",
        image: "",
        imageID: "",
        ready: false,
        restartCount: 0,
        state: { running: {} },
      },
    ],
  };
  assert.deepEqual(probedContainer(status, "a"), { id: "i", startedAtMs: 0, isTerminated: false, started: false });
  assert.equal(probedContainer(status, "b"), undefined);
});
