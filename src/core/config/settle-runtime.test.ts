import assert from "node:assert/strict";
import { test } from "node:test";
import { effectiveConfiguration, type FlagSetting } from "./effective-configuration.ts";
import { formatOrigin, originOf } from "./origin.ts";
import { settleRuntime } from "./settle-runtime.ts";

const EMBEDDED = "unix:///var/lib/tskubelet/containerd/containerd.sock";

function settled(endpoint: string | undefined, enabled: boolean | undefined) {
  const flags: FlagSetting[] = [];
  if (endpoint !== undefined)
    flags.push({ part: "kubelet", path: ["containerRuntimeEndpoint"], value: endpoint, flag: "--endpoint" });
  if (enabled !== undefined)
    flags.push({ part: "tskubelet", path: ["embeddedRuntime", "enabled"], value: enabled, flag: "--embedded" });
  const result = effectiveConfiguration({ flags });
  assert.ok("configuration" in result);
  return settleRuntime(result.configuration, EMBEDDED);
}

function runtimeOf(endpoint: string | undefined, enabled: boolean | undefined) {
  const result = settled(endpoint, enabled);
  assert.ok("configuration" in result);
  const { kubelet, kubeletOrigins, tskubelet } = result.configuration;
  const origin = formatOrigin(originOf(kubeletOrigins, ["containerRuntimeEndpoint"]));
  return [kubelet.containerRuntimeEndpoint, tskubelet.embeddedRuntime.enabled, origin];
}

test("a node without a named runtime runs the embedded containerd and shows its socket", () => {
  const origin = "standalone default (the embedded containerd)";
  assert.deepEqual(runtimeOf(undefined, undefined), [EMBEDDED, true, origin]);
  assert.deepEqual(runtimeOf(undefined, true), [EMBEDDED, true, origin]);
});

test("a named runtime is used, and its endpoint's default where the embedded one is turned off", () => {
  assert.deepEqual(runtimeOf("unix:///crio.sock", undefined), ["unix:///crio.sock", false, "flag --endpoint"]);
  assert.deepEqual(runtimeOf("unix:///crio.sock", false), ["unix:///crio.sock", false, "flag --endpoint"]);
  assert.deepEqual(runtimeOf(undefined, false), ["unix:///run/containerd/containerd.sock", false, "default"]);
});

test("what was shown can be given back", () => {
  assert.deepEqual(runtimeOf(EMBEDDED, true), [EMBEDDED, true, "flag --endpoint"]);
});

test("another runtime beside the embedded one is refused", () => {
  const result = settled("unix:///crio.sock", true);
  assert.ok("problems" in result);
  assert.match(result.problems[0]?.message ?? "", /embeddedRuntime\.enabled is true/);
});
