import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../../test/support/fakes-clock.ts";
import { finishCall } from "./finish-call.ts";

test("a call that is under way comes to its end although its pod was given up", async () => {
  const pod = new AbortController();
  const { promise, resolve } = Promise.withResolvers<string>();
  let given: AbortSignal | undefined;
  const result = finishCall(new FakeClock(), pod.signal, (signal) => {
    given = signal;
    return promise;
  });
  pod.abort();
  assert.equal(given?.aborted, false);
  resolve("made");
  assert.equal(await result, "made");
});

test("a call that hangs is broken off in the end", async () => {
  const clock = new FakeClock();
  const pod = new AbortController();
  const result = finishCall(clock, pod.signal, (signal) => {
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("broken off"))));
  });
  pod.abort();
  const failed = assert.rejects(result, /broken off/);
  await clock.pass(10_000);
  await failed;
});

test("nothing begins for a pod that was given up already", async () => {
  const pod = new AbortController();
  pod.abort();
  await assert.rejects(finishCall(new FakeClock(), pod.signal, async () => assert.fail("it began")));
});
