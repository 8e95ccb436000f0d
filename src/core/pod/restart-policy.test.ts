import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container } from "../api/types.ts";
import { canRestart, restartsAfter, restartsWhenKilled } from "./restart-policy.ts";

const ALWAYS = { restartPolicy: "Always" };
const NEVER = { restartPolicy: "Never" };

function container(restartPolicy: string | undefined, operator?: string, values?: number[]): Container {
  return {
    name: "c",
    ...(restartPolicy !== undefined && { restartPolicy }),
    ...(operator !== undefined && {
      restartPolicyRules: [{ action: "Restart", exitCodes: { operator, ...(values && { values }) } }],
    }),
  };
}

test("the container's own policy wins over the pod's", () => {
  assert.equal(restartsAfter(container("Never"), ALWAYS, 1), false);
  assert.equal(restartsAfter(container("Always"), NEVER, 0), true);
  assert.deepEqual(
    [0, 1].map((code) => restartsAfter(container("OnFailure"), NEVER, code)),
    [false, true],
  );
  assert.equal(restartsAfter(container(undefined), NEVER, 1), false);
});

test("a rule that matches the exit code restarts what the policy would leave", () => {
  const only42 = container("Never", "In", [42, 43]);
  assert.deepEqual(
    [0, 1, 42, 43].map((code) => restartsAfter(only42, NEVER, code)),
    [false, false, true, true],
  );
  const butZero = container("Never", "NotIn", [0]);
  assert.deepEqual(
    [0, 1, 137].map((code) => restartsAfter(butZero, ALWAYS, code)),
    [false, true, true],
  );
  assert.equal(restartsAfter(container("Never", "In"), ALWAYS, 0), false);
  assert.equal(restartsAfter(container("Never", "NotIn"), ALWAYS, 0), true);
});

test("rules need a policy beside them, as in the API", () => {
  assert.equal(restartsAfter(container(undefined, "In", [1]), NEVER, 1), false);
});

test("what a failed probe ends is restarted by the policy, whatever the rules say", () => {
  assert.equal(restartsWhenKilled(container("Never", "NotIn", [0]), ALWAYS), false);
  assert.equal(restartsWhenKilled(container("OnFailure"), NEVER), true);
});

test("a container can restart as long as there is one end after which it would", () => {
  assert.equal(canRestart(container("Never", "In", [3]), NEVER), true);
  assert.equal(canRestart(container("Never"), ALWAYS), false);
  assert.equal(canRestart(container(undefined), NEVER), false);
  assert.equal(canRestart(container("OnFailure"), NEVER), true);
});
