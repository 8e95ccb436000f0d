import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parsePodName, unknownPod } from "./pod-name.ts";

const pods = [{ metadata: { name: "web", namespace: "default" } }, { metadata: { name: "db", namespace: "prod" } }];

describe("names of pods", () => {
  it("may carry their kind and their namespace, which wins over the flag", () => {
    assert.deepEqual(parsePodName("web", undefined), { namespace: "default", name: "web" });
    assert.deepEqual(parsePodName("pod/web", "prod"), { namespace: "prod", name: "web" });
    assert.deepEqual(parsePodName("prod/db", "other"), { namespace: "prod", name: "db" });
    assert.deepEqual(parsePodName("pods/prod/db", undefined), { namespace: "prod", name: "db" });
  });

  it("that nobody has are answered with what may have been meant", () => {
    const text = (written: string) => unknownPod(parsePodName(written, undefined), pods);
    assert.equal(text("wbe"), 'no pod "wbe" in namespace "default" (did you mean web?)');
    assert.equal(text("db"), 'no pod "db" in namespace "default" (there is one in namespace prod)');
    assert.equal(text("else"), 'no pod "else" in namespace "default"');
  });
});
