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

const REFERENCE = {
  evictionPace: "Reference",
  softGracePeriod: "Reference",
  overtakeTerminating: false,
} as const;

test("nothing said measures as the kubelet does, and evicts as many as it needs, without waiting", () => {
  const policy = { evictionPace: "AsNeeded", softGracePeriod: "AsDocumented", overtakeTerminating: true } as const;
  assert.deepEqual(policyOf({}), { ...REFERENCE_POLICY, ...policy });
});

test("the kubelet's behaviour can be had", () => {
  assert.deepEqual(policyOf(REFERENCE), REFERENCE_POLICY);
});

test("a guard is there when any part of it is", () => {
  assert.deepEqual(policyOf({ ...REFERENCE, psiGuard: { fullAvg10Percent: 5 }, evictionPace: "AsNeeded" }), {
    ...REFERENCE_POLICY,
    evictionPace: "AsNeeded",
    psiGuard: { fullAvg10Percent: 5, cooldownSeconds: 0 },
  });
  assert.deepEqual(policyOf({ ...REFERENCE, psiGuard: { cooldown: "1m" } }), {
    ...REFERENCE_POLICY,
    psiGuard: { cooldownSeconds: 60 },
  });
});
