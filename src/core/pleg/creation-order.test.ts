import assert from "node:assert/strict";
import { test } from "node:test";
import { withOrderedCreation } from "./creation-order.ts";

const item = (name: string, attempt: number, createdAtMs: number) => ({ name, attempt, createdAtMs });
const order = (items: readonly ReturnType<typeof item>[]) =>
  withOrderedCreation(
    items,
    ({ name }) => name,
    ({ attempt }) => attempt,
  );

test("times that agree with the attempts stay as they are, object by object", () => {
  const items = [item("a", 1, 20), item("a", 0, 10), item("b", 0, 15)];
  assert.equal(order(items), items);
});

test("after a jump back a later attempt counts as newer, and so do those after it", () => {
  const items = [item("a", 2, 300), item("a", 0, 1000), item("a", 1, 200), item("b", 5, 1)];
  assert.deepEqual(
    order(items).map(({ createdAtMs }) => createdAtMs),
    [1002, 1000, 1001, 1],
  );
});

test("instances of equal attempt keep their times", () => {
  const items = [item("a", 0, 10), item("a", 0, 5)];
  assert.equal(order(items), items);
});
