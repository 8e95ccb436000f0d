import assert from "node:assert/strict";
import { test } from "node:test";
import { expandCommand, expandSubPath } from "./container-command.ts";
import { expand, lookupIn } from "./expand.ts";

const lookup = lookupIn(
  new Map([["A", "$(B)"]]),
  new Map([
    ["A", "other"],
    ["B", "b"],
  ]),
);

test("a letter after a dollar stays whole", () => {
  assert.equal(expand("$é $(A) 100$", lookup), "$é $(B) 100$");
});

test("the first map that knows a name answers", () => {
  assert.equal(expand("$(A)$(B)$(C)", lookup), "$(B)b$(C)");
});

test("a later variable of a name wins in a command", () => {
  const environment = [
    { name: "X", value: "1" },
    { name: "X", value: "2" },
  ];
  assert.deepEqual(expandCommand({ args: ["$(X)"] }, environment), { command: [], args: ["2"] });
});

test("all missing variables of a subPathExpr are named, sorted, once", () => {
  const error = "missing value for A, B";
  assert.deepEqual(expandSubPath("$(B)/$(A)/$(B)", [{ name: "A", value: "" }]), { error });
});

test("a command that would be longer than any program can be started with is an error, however it is put together", () => {
  const environment = [{ name: "A", value: "a".repeat(500_000) }];
  const error = "command and args are longer than 16 MiB with their variables expanded";
  assert.deepEqual(expandCommand({ command: ["$(A)".repeat(1_200)] }, environment), { error });
  assert.deepEqual(expandCommand({ args: Array.from({ length: 40 }, () => "$(A)") }, environment), { error });
  assert.ok("command" in expandCommand({ args: Array.from({ length: 30 }, () => "$(A)") }, environment));
});
