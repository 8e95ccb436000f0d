import assert from "node:assert/strict";
import { test } from "node:test";
import { sameJson } from "./same-json.ts";

test("equal data are the same whatever the order of fields", () => {
  assert.ok(sameJson({ a: [1, { b: "x" }], c: null }, { c: null, a: [1, { b: "x" }] }));
});

test("a field that is undefined is no field, on either side", () => {
  assert.ok(sameJson({ a: 1, b: undefined }, { a: 1 }));
  assert.ok(sameJson({ a: 1 }, { a: 1, b: undefined }));
});

test("another value, a field more or less, another order of items or another kind differ", () => {
  const base = { a: 1, list: ["x", "y"], inner: { b: "z" } };
  const others: unknown[] = [
    { ...base, a: 2 },
    { ...base, more: 0 },
    { a: 1, list: ["x", "y"] },
    { ...base, list: ["y", "x"] },
    { ...base, list: ["x"] },
    { ...base, list: { 0: "x", 1: "y" } },
    { ...base, inner: null },
    { ...base, inner: { b: "z", c: false } },
    null,
    "text",
    undefined,
  ];
  for (const other of others) {
    assert.ok(!sameJson(base, other), JSON.stringify(other));
    assert.ok(!sameJson(other, base), JSON.stringify(other));
  }
});
