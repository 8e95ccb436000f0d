import assert from "node:assert/strict";
import { test } from "node:test";
import { mergePodStatus } from "./status-merge.ts";

const addresses = { podIP: "10.0.0.1", podIPs: [{ ip: "10.0.0.1" }] } as const;

test("a pod that has ended keeps the addresses that it had", () => {
  const merged = mergePodStatus({ phase: "Running", ...addresses }, { phase: "Succeeded" }, 0);
  assert.deepEqual([merged.podIP, merged.podIPs], [addresses.podIP, addresses.podIPs]);
});

test("a pod that runs has the addresses of now", () => {
  assert.equal(mergePodStatus({ phase: "Running", ...addresses }, { phase: "Running" }, 0).podIP, undefined);
  assert.equal(
    mergePodStatus({ phase: "Running", ...addresses }, { phase: "Running", podIP: "10.0.0.2" }, 0).podIP,
    "10.0.0.2",
  );
});

test("a condition keeps its time while its status stays", () => {
  const ready = { type: "Ready", status: "True" } as const;
  const first = mergePodStatus(undefined, { conditions: [ready] }, 1_000);
  const same = mergePodStatus(first, { conditions: [ready] }, 9_000);
  assert.deepEqual(same.conditions, first.conditions);
  const changed = mergePodStatus(same, { conditions: [{ ...ready, status: "False" }] }, 9_000);
  assert.equal(changed.conditions?.[0]?.lastTransitionTime, "1970-01-01T00:00:09Z");
});
