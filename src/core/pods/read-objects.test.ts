import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeOf } from "../manifest/manifest-node.ts";
import { type ManifestDocument, readObjects } from "./read-objects.ts";

const ORIGIN = { kind: "manifests", path: "/m/web.yaml", nodeName: "node-1" } as const;

function documents(...values: readonly unknown[]): readonly ManifestDocument[] {
  return values.map((value) => nodeOf(value) ?? assert.fail("not a manifest value"));
}

function pod(name: string, extra: object = {}) {
  const spec = { containers: [{ name: "c", image: "app:1" }], ...extra };
  return { apiVersion: "v1", kind: "Pod", metadata: { name }, spec };
}

function uidOf(value: unknown): string | undefined {
  const [object] = readObjects(documents(value), ORIGIN).objects;
  return object?.object.metadata?.uid;
}

test("a standalone pod keeps its name and is bound to the node", () => {
  const { objects, problems } = readObjects(documents(pod("web")), ORIGIN);
  assert.deepEqual(problems, []);
  const [object] = objects;
  assert.ok(object?.kind === "Pod");
  assert.equal(object.object.metadata?.name, "web");
  assert.equal(object.object.metadata?.namespace, "default");
  assert.equal(object.object.spec?.nodeName, "node-1");
});

test("an image may change under the same UID, anything else makes a new pod", () => {
  const before = uidOf(pod("web"));
  assert.equal(uidOf(pod("web", { containers: [{ name: "c", image: "app:2" }] })), before);
  assert.notEqual(uidOf(pod("web", { containers: [{ name: "c", image: "app:1", args: ["x"] }] })), before);
  assert.notEqual(uidOf(pod("other")), before);
});

test("a broken document is told with its place and leaves the others alone", () => {
  const broken = pod("bad", { containers: [{ name: "c", image: "app:1", imagePullPolicy: "Sometimes" }] });
  const { objects, problems, unusable } = readObjects(documents(pod("good"), broken), ORIGIN);
  assert.deepEqual(
    objects.map(({ object }) => object.metadata?.name),
    ["good"],
  );
  assert.equal(unusable, false);
  assert.equal(problems.length, 1);
  const [problem] = problems;
  assert.equal(problem?.document, 1);
  assert.equal(problem?.subject, "Pod default/bad");
  assert.equal(problem?.field, "spec.containers[0].imagePullPolicy");
  assert.match(problem?.message ?? "", /Unsupported value: "Sometimes"/);
});

test("a text that is no document makes the file unusable", () => {
  const { unusable, problems } = readObjects([{ error: "yaml: line 3: oops", line: 3 }], ORIGIN);
  assert.equal(unusable, true);
  assert.equal(problems[0]?.line, 3);
});

test("a UID that would leave its directory is refused", () => {
  const evil = { ...pod("web"), metadata: { name: "web", uid: "../../etc" } };
  const { objects, problems } = readObjects(documents(evil), ORIGIN);
  assert.deepEqual(objects, []);
  assert.ok(problems.some(({ field }) => field === "metadata.uid"));
});

test("a static pod is named after the node and carries its source", () => {
  const origin = { kind: "file", path: "/s/web.yaml", nodeName: "node-1" } as const;
  const [object] = readObjects(documents(pod("web")), origin).objects;
  assert.equal(object?.object.metadata?.name, "web-node-1");
  assert.equal(object?.object.metadata?.annotations?.["kubernetes.io/config.source"], "file");
});
