import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeManifest } from "./decode-manifest.ts";
import { parseJson } from "./json-text.ts";
import type { ManifestNode } from "./manifest-node.ts";

function json(text: string): ManifestNode {
  const node = parseJson(text);
  assert.ok(!("error" in node));
  return node;
}

function issuesOf(text: string): string[] {
  return decodeManifest(json(text)).issues.map(({ line, text: words, hint }) =>
    [`${line}: ${words}`, hint].filter((part) => part !== undefined).join("; "),
  );
}

const POD = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"},';

describe("decodeManifest", () => {
  it("tells line, field and probable meaning of an unknown field, at any depth", () => {
    const text = `${POD}\n"spec": {"containers": [\n{"name": "a", "imagePulPolicy": "Always"}], "HostNetwork": true}}`;
    assert.deepEqual(issuesOf(text), [
      '3: unknown field "spec.containers[0].imagePulPolicy"; did you mean "imagePullPolicy"?',
      '3: unknown field "spec.HostNetwork"; did you mean "hostNetwork"?',
    ]);
  });

  it("has no hint for a name that resembles none", () => {
    assert.deepEqual(issuesOf(`${POD} "zzzzzz": 1}`), ['1: unknown field "zzzzzz"']);
  });

  it("refuses a field or key written twice", () => {
    const text = `${POD} "spec": {"nodeSelector": {"a": "b", "a": "c"}, "hostPID": true, "hostPID": false}}`;
    assert.deepEqual(issuesOf(text), ['1: duplicate field "spec.hostPID"', '1: duplicate field "spec.nodeSelector.a"']);
  });

  it("reports every wrong type, not only the first", () => {
    const text = `${POD} "spec": {"hostPID": "yes",\n"priority": 2147483648}}`;
    assert.deepEqual(issuesOf(text), [
      "1: json: cannot unmarshal string into Go struct field PodSpec.spec.hostPID of type bool",
      "2: json: cannot unmarshal number 2147483648 into Go struct field PodSpec.spec.priority of type int32",
    ]);
  });

  it("passes over unknown and repeated fields when lenient, the last of equal ones winning", () => {
    const node = json(`${POD} "spec": {"containers": [], "hostname": "a", "hostname": "b", "x": 1}}`);
    const [object] = decodeManifest(node, { lenient: true }).objects;
    assert.equal(object?.kind === "Pod" && object.pod.spec?.hostname, "b");
  });

  it("takes lists apart, with their items' kinds known from the list", () => {
    const list = json('{"apiVersion": "v1", "kind": "ConfigMapList", "items": [{"data": {"a": "b"}}, {}]}');
    const { objects, issues } = decodeManifest(list);
    assert.deepEqual(issues, []);
    assert.deepEqual(
      objects.map((object) => object.kind === "ConfigMap" && object.configMap.data),
      [{ a: "b" }, {}],
    );
  });

  it("names the item of a list that is wrong", () => {
    const text = '{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Secret", "typ": "x"}]}';
    assert.equal(decodeManifest(json(text)).issues[0]?.field, "items[0].typ");
  });

  it("merges stringData into data, where it wins, and fills the type of a secret", () => {
    const text = '{"apiVersion": "v1", "kind": "Secret", "data": {"a": "YQ==", "b": "YQ=="}, "stringData": {"b": "ä"}}';
    const [object] = decodeManifest(json(text)).objects;
    assert.ok(object?.kind === "Secret");
    assert.deepEqual([object.secret.type, object.secret.data], ["Opaque", { a: "YQ==", b: "w6Q=" }]);
    assert.equal("stringData" in object.secret, false);
  });

  it("says of other kinds that they are not handled, and of misspelt ones what was meant", () => {
    assert.deepEqual(issuesOf('{"apiVersion": "apps/v1", "kind": "Deployment"}'), [
      "1: apps/v1 Deployment is not handled here: only v1 Pod, ConfigMap, Secret, PersistentVolume and PersistentVolumeClaim, storage.k8s.io/v1 StorageClass and CSIDriver, node.k8s.io/v1 RuntimeClass are",
    ]);
    assert.match(issuesOf('{"apiVersion": "v1", "kind": "pod"}')[0] ?? "", /did you mean "Pod"\?$/);
    assert.match(
      issuesOf('{"apiVersion": "v1", "kind": "RuntimeClass"}')[0] ?? "",
      /^1: v1 RuntimeClass is not handled/,
    );
  });

  it("keeps a key __proto__ as an ordinary key", () => {
    const [object] = decodeManifest(json(`${POD} "spec": {"nodeSelector": {"__proto__": "x"}}}`)).objects;
    assert.ok(object?.kind === "Pod");
    assert.deepEqual(Object.keys(object.pod.spec?.nodeSelector ?? {}), ["__proto__"]);
  });
});
