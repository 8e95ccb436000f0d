import assert from "node:assert/strict";
import { test } from "node:test";
import { effectiveConfiguration } from "./effective-configuration.ts";
import type { JsonObject } from "./field.ts";
import { type KubeletSettings, kubeletSettings } from "./kubelet-settings.ts";

function settings(value: JsonObject): KubeletSettings {
  const head = { apiVersion: "kubelet.config.k8s.io/v1beta1", kind: "KubeletConfiguration" };
  const documents = [{ value: { ...head, ...value }, lineOf: () => undefined }];
  const result = effectiveConfiguration({ base: { file: "/f", documents } });
  assert.ok("configuration" in result);
  return kubeletSettings(result.configuration.kubelet);
}

test("durations and sizes have their units", () => {
  const some = settings({
    syncFrequency: "1m30s",
    containerLogMaxSize: "1Mi",
    cpuCFSQuotaPeriod: "50ms",
    featureGates: { CustomCPUCFSQuotaPeriod: true },
    evictionSoft: { "memory.available": "1Gi" },
    evictionSoftGracePeriod: { "memory.available": "1m" },
    crashLoopBackOff: { maxContainerRestartPeriod: "10s" },
  });
  assert.equal(some.syncFrequencyMs, 90_000);
  assert.equal(some.containerLogMaxSizeBytes, 1_048_576);
  assert.equal(some.cpuCfsQuotaPeriodMicroseconds, 50_000);
  assert.deepEqual(some.evictionSoftGracePeriodMs, { "memory.available": 60_000 });
  assert.deepEqual(some.crashBackoff, { initialMs: 10_000, maxMs: 10_000 });
});

test("what is unset is absent or falls back", () => {
  const none = settings({});
  assert.equal("podPidsLimit" in none, false);
  assert.equal("maxParallelImagePulls" in none, false);
  assert.equal("singleProcessOomKill" in none, false);
  assert.equal(none.imageServiceEndpoint, "unix:///run/containerd/containerd.sock");
  assert.equal(none.cgroupRoot, "/");
  assert.deepEqual(none.crashBackoff, { initialMs: 10_000, maxMs: 300_000 });
  assert.equal("imageVerification" in none, false);
  const gates = { featureGates: { KubeletEnsureSecretPulledImages: true } };
  assert.deepEqual(settings(gates).imageVerification, { policy: "NeverVerifyPreloadedImages", allowlist: [] });
  assert.equal(settings({ podPidsLimit: 100 }).podPidsLimit, 100);
});

test("the crash-loop curve: a low maximum is the first delay, too; a gate makes all of it quicker", () => {
  const curve = (max: string | undefined, isReduced: boolean) =>
    settings({
      featureGates: { ReduceDefaultCrashLoopBackOffDecay: isReduced },
      ...(max !== undefined && { crashLoopBackOff: { maxContainerRestartPeriod: max } }),
    }).crashBackoff;
  assert.deepEqual(curve("3s", false), { initialMs: 3_000, maxMs: 3_000 });
  assert.deepEqual(curve(undefined, true), { initialMs: 1_000, maxMs: 60_000 });
  assert.deepEqual(curve("2m", true), { initialMs: 1_000, maxMs: 120_000 });
});

test('"none" is an empty list of enforcements', () => {
  assert.deepEqual(settings({ enforceNodeAllocatable: ["none"] }).enforceNodeAllocatable, []);
});

test("a gate is on as set, else by its default, and off when it is not known", () => {
  const gates = settings({ featureGates: { CustomCPUCFSQuotaPeriod: true } });
  assert.equal(gates.featureEnabled("CustomCPUCFSQuotaPeriod"), true);
  assert.equal(gates.featureEnabled("KubeletCrashLoopBackOffMax"), true);
  assert.equal(gates.featureEnabled("MemoryQoS"), false);
  assert.equal(gates.featureEnabled("NoSuchGate"), false);
});
