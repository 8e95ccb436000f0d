import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nodeOf } from "../manifest/manifest-node.ts";
import { EMPTY_DESIRED_STATE, mergeObjects, takeSnapshot } from "./desired-state.ts";
import { readObjects } from "./read-objects.ts";

const CLASS = {
  apiVersion: "node.k8s.io/v1",
  kind: "RuntimeClass",
  metadata: { name: "sandboxed" },
  handler: "kata",
  overhead: { podFixed: { cpu: "250m", memory: "120Mi" } },
  scheduling: { nodeSelector: { kata: "yes", arch: "class" }, tolerations: [{ key: "kata", operator: "Exists" }] },
};

function podManifest(spec: object): object {
  const containers = [{ name: "c", image: "x:1" }];
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "web" }, spec: { containers, ...spec } };
}

function merged(kind: "manifests" | "file", ...files: readonly object[]) {
  const contents = files.map((object, index) => {
    const node = nodeOf(object);
    assert.ok(node !== undefined);
    return readObjects([node], { kind, path: `/m/${index}.yaml`, nodeName: "node" });
  });
  const objects = mergeObjects(takeSnapshot(EMPTY_DESIRED_STATE, kind, contents), undefined);
  return { objects, problems: contents.flatMap(({ problems }) => problems.map(({ message }) => message)) };
}

function specOf(kind: "manifests" | "file", ...files: readonly object[]) {
  const { objects, problems } = merged(kind, ...files);
  assert.deepEqual(problems, []);
  const [desired] = objects.pods.values();
  assert.ok(desired?.pod.spec !== undefined);
  return desired.pod.spec;
}

describe("a pod with a runtime class", () => {
  it("gets the class's overhead, selector and tolerations, whatever file comes first, but for what it says itself", () => {
    const pod = podManifest({ runtimeClassName: "sandboxed", nodeSelector: { arch: "own" } });
    for (const files of [
      [pod, CLASS],
      [CLASS, pod],
    ]) {
      const { overhead, nodeSelector, tolerations } = specOf("manifests", ...files);
      assert.deepEqual(overhead, { cpu: "250m", memory: "120Mi" });
      assert.deepEqual(nodeSelector, { kata: "yes", arch: "own" });
      assert.deepEqual(tolerations, [{ key: "kata", operator: "Exists" }]);
    }
    const own = podManifest({ runtimeClassName: "sandboxed", overhead: { memory: "1Mi" } });
    assert.deepEqual(specOf("manifests", own, CLASS).overhead, { memory: "1Mi" });
  });

  it("stays as it is while there is no such class, and without a class", () => {
    assert.equal(specOf("manifests", podManifest({ runtimeClassName: "other" }), CLASS).overhead, undefined);
    assert.equal(specOf("manifests", podManifest({}), CLASS).overhead, undefined);
  });

  it("keeps its UID when the class comes or changes", () => {
    const pod = podManifest({ runtimeClassName: "sandboxed" });
    assert.deepEqual(
      [...merged("manifests", pod).objects.pods.keys()],
      [...merged("manifests", pod, CLASS).objects.pods.keys()],
    );
  });
});

describe("a runtime class", () => {
  it("is the node's, under its name alone", () => {
    assert.deepEqual([...merged("manifests", CLASS).objects.runtimeClasses.keys()], ["sandboxed"]);
    const twice = merged("manifests", CLASS, CLASS).objects.conflicts;
    assert.match(twice[0]?.message ?? "", /^RuntimeClass sandboxed is already defined by \/m\/0\.yaml/);
  });

  it("is refused with a handler that no runtime could have, or an overhead that is none", () => {
    const { problems } = merged("manifests", {
      ...CLASS,
      handler: "Not A Name",
      overhead: { podFixed: { cpu: "-1" } },
    });
    assert.equal(problems.length, 2);
    assert.match(problems[0] ?? "", /^handler: Invalid value: "Not A Name"/);
    assert.match(problems[1] ?? "", /^overhead\.podFixed/);
  });
});
