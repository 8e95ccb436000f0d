import assert from "node:assert/strict";
import { test } from "node:test";
import { effectiveConfiguration } from "../config/index.ts";
import { configuredPolicy } from "./configured-policy.ts";
import { REFERENCE_POLICY } from "./policy.ts";

function policyOf(eviction: object) {
  const value = { apiVersion: "tskubelet.dev/v1alpha1", kind: "TskubeletConfiguration", eviction };
  const result = effectiveConfiguration({ base: { file: "/c.yaml", documents: [{ value, lineOf: () => undefined }] } });
  return "problems" in result ? result.problems : configuredPolicy(result.configuration.tskubelet.eviction);
}

test("nothing said is the kubelet's behaviour", () => {
  assert.deepEqual(policyOf({}), REFERENCE_POLICY);
});

test("a guard is there when any part of it is", () => {
  assert.deepEqual(policyOf({ psiGuard: { fullAvg10Percent: 5 }, evictionPace: "AsNeeded" }), {
    ...REFERENCE_POLICY,
    evictionPace: "AsNeeded",
    psiGuard: { fullAvg10Percent: 5, cooldownSeconds: 0 },
  });
  assert.deepEqual(policyOf({ psiGuard: { cooldown: "1m" } }), {
    ...REFERENCE_POLICY,
    psiGuard: { cooldownSeconds: 60 },
  });
});
