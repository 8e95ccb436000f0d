import assert from "node:assert/strict";
import { test } from "node:test";
import { effectiveConfiguration } from "./effective-configuration.ts";
import type { Fields, JsonObject } from "./field.ts";
import { kubeletFields } from "./kubelet-fields.ts";
import { notBuiltYet } from "./not-built-yet.ts";

function missing(value: JsonObject) {
  const head = { apiVersion: "kubelet.config.k8s.io/v1beta1", kind: "KubeletConfiguration" };
  const documents = [{ value: { ...head, ...value }, lineOf: () => 7 }];
  const result = effectiveConfiguration({ base: { file: "/f", documents } });
  assert.ok("configuration" in result);
  return notBuiltYet(result.configuration);
}

/** The first boolean field of the table that is off by default and not built; the claims hold whatever is built. */
function someSwitch(): string | undefined {
  const fields: Fields = kubeletFields;
  return Object.keys(fields).find((name) => {
    const field = fields[name];
    return field?.state.state === "notYet" && field.default === false && name !== "enableSystemLogQuery";
  });
}

test("nothing set, nothing to report", () => {
  assert.deepEqual(missing({}), []);
});

test("a setting whose feature is not built is reported with its place and feature", () => {
  const name = someSwitch();
  if (name === undefined) return;
  const [item, ...more] = missing({ [name]: true });
  assert.deepEqual(more, []);
  assert.equal(item?.path, name);
  assert.equal(item?.value, true);
  assert.deepEqual(item?.origin, { kind: "file", file: "/f", line: 7 });
  assert.match(item?.issueHint ?? "", /\(.+\)$/);
});

test("a setting that asks for nothing is not reported", () => {
  const name = someSwitch();
  if (name !== undefined) assert.deepEqual(missing({ [name]: false }), []);
});

test("used and accepted settings are not reported", () => {
  assert.deepEqual(missing({ syncFrequency: "30s", hairpinMode: "none", iptablesDropBit: 3 }), []);
});

test("a feature gate that asks for what the agent does not do is reported, one that agrees is not", () => {
  const gates = { MemoryQoS: true, SidecarContainers: true, QOSReserved: false, EventedPLEG: false, WatchList: true };
  assert.deepEqual(
    missing({ featureGates: gates }).map(({ path }) => path),
    ["featureGates.MemoryQoS", "featureGates.EventedPLEG"],
  );
});
