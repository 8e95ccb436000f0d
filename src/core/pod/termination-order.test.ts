import assert from "node:assert/strict";
import { test } from "node:test";
import { terminationOrder } from "./termination-order.ts";

const SPEC = {
  containers: [{ name: "a" }, { name: "b" }],
  initContainers: [
    { name: "first", restartPolicy: "Always" },
    { name: "once" },
    { name: "second", restartPolicy: "Always" },
  ],
};

test("sidecars end after the regular containers, the last one first", () => {
  const order = terminationOrder(SPEC, new Set(["a", "b", "first", "second"]));
  assert.deepEqual(
    [...order],
    [
      ["second", ["a", "b"]],
      ["first", ["a", "b", "second"]],
    ],
  );
});

test("nobody waits for what does not run", () => {
  assert.deepEqual([...terminationOrder(SPEC, new Set(["b", "first", "once"]))], [["first", ["b"]]]);
  assert.deepEqual([...terminationOrder(SPEC, new Set(["a", "b"]))], []);
  assert.deepEqual([...terminationOrder(undefined, new Set(["a"]))], []);
});
