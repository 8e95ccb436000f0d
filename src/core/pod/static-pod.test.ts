import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Pod } from "../api/types.ts";
import { CONFIG_HASH_ANNOTATION, staticPod } from "./static-pod.ts";

const SOURCE = { nodeName: "Node-1", location: "/manifests/web.yaml", isFile: true };

function pod(labels: Readonly<Record<string, string>> = {}): Pod {
  return { metadata: { name: "web", labels }, spec: { containers: [{ name: "c", image: "x" }] } };
}

function uidOf(result: Pod): string | undefined {
  return result.metadata?.uid;
}

describe("staticPod", () => {
  it("has a UID that only its content and origin change", () => {
    const uid = uidOf(staticPod(pod({ a: "1", b: "2" }), SOURCE));
    assert.match(uid ?? "", /^[0-9a-f]{32}$/);
    assert.equal(uidOf(staticPod(pod({ b: "2", a: "1" }), SOURCE)), uid);
    const others = [
      staticPod(pod({ a: "1", b: "3" }), SOURCE),
      staticPod(pod({ a: "1", b: "2" }), { ...SOURCE, location: "/manifests/other.yaml" }),
      staticPod(pod({ a: "1", b: "2" }), { ...SOURCE, nodeName: "node-2" }),
      staticPod(pod({ a: "1", b: "2" }), { ...SOURCE, isFile: false }),
    ];
    assert.equal(new Set([uid, ...others.map(uidOf)]).size, 5);
  });

  it("keeps a UID that is written, which then is its hash too", () => {
    const result = staticPod({ ...pod(), metadata: { name: "web", uid: "mine" } }, SOURCE);
    assert.equal(uidOf(result), "mine");
    assert.equal(result.metadata?.annotations?.[CONFIG_HASH_ANNOTATION], "mine");
  });

  it("tolerates NoExecute taints only when it comes from a file", () => {
    assert.deepEqual(staticPod(pod(), SOURCE).spec?.tolerations, [{ operator: "Exists", effect: "NoExecute" }]);
    assert.equal(staticPod(pod(), { ...SOURCE, isFile: false }).spec?.tolerations, undefined);
  });

  it("is named in lower case but bound to the node's name as it is", () => {
    const result = staticPod(pod(), SOURCE);
    assert.equal(result.metadata?.name, "web-node-1");
    assert.equal(result.spec?.nodeName, "Node-1");
  });
});
