import assert from "node:assert/strict";
import { test } from "node:test";
import { type ImagePullLimits, PullQueue, PullRateExceeded } from "./pull-queue.ts";

/** A queue whose pulls end when they are told to, and the log of what began. */
function observedQueue(limits: ImagePullLimits) {
  let nowMs = 0;
  const queue = new PullQueue({ monotonic: () => nowMs }, limits);
  const began: string[] = [];
  const ends = new Map<string, () => void>();
  const pull = (name: string, signal = new AbortController().signal) => {
    return queue.run(() => {
      began.push(name);
      return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
    }, signal);
  };
  return { began, pull, end: (name: string) => ends.get(name)?.(), wait: (ms: number) => (nowMs += ms) };
}

/** Lets everything go on that can go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test("one at a time, in the order in which they were asked for", async () => {
  const { began, pull, end } = observedQueue({ parallel: 1 });
  const all = ["a", "b", "c"].map((name) => pull(name));
  await settle();
  assert.deepEqual(began, ["a"]);
  end("a");
  await settle();
  assert.deepEqual(began, ["a", "b"]);
  end("b");
  await settle();
  end("c");
  assert.deepEqual(await Promise.all(all), ["a", "b", "c"]);
});

test("without a limit all at once, with one so many", async () => {
  const unlimited = observedQueue({});
  for (const name of ["a", "b", "c"]) void unlimited.pull(name);
  const two = observedQueue({ parallel: 2 });
  for (const name of ["a", "b", "c"]) void two.pull(name);
  await settle();
  assert.deepEqual(
    [unlimited.began, two.began],
    [
      ["a", "b", "c"],
      ["a", "b"],
    ],
  );
});

test("who gives up while waiting loses the turn to the next", async () => {
  const { began, pull, end } = observedQueue({ parallel: 1 });
  const gone = new AbortController();
  void pull("a");
  const given = assert.rejects(pull("b", gone.signal), { name: "AbortError" });
  void pull("c");
  await settle();
  gone.abort();
  await given;
  end("a");
  await settle();
  assert.deepEqual(began, ["a", "c"]);
});

test("giving up in the moment of the turn leaves no place taken", async () => {
  const { began, pull, end } = observedQueue({ parallel: 1 });
  const gone = new AbortController();
  const first = pull("a");
  const given = assert.rejects(pull("b", gone.signal));
  await settle();
  const abortAtOnce = first.then(() => gone.abort());
  end("a");
  await Promise.all([given, abortAtOnce]);
  void pull("c");
  await settle();
  assert.deepEqual(
    began.filter((name) => name !== "b"),
    ["a", "c"],
  );
});

test("a pull that fails makes room", async () => {
  const queue = new PullQueue({ monotonic: () => 0 }, { parallel: 1 });
  const { signal } = new AbortController();
  await assert.rejects(
    queue.run(() => Promise.reject(new Error("no such image")), signal),
    /no such image/,
  );
  assert.equal(await queue.run(() => Promise.resolve("pulled"), signal), "pulled");
});

test("beyond the rate a pull is refused in the kubelet's words, and later it is not", async () => {
  const { pull, wait, began } = observedQueue({ rate: { perSecond: 1, burst: 1 } });
  void pull("a");
  await assert.rejects(pull("b"), PullRateExceeded);
  wait(1000);
  void pull("c");
  await settle();
  assert.deepEqual(began, ["a", "c"]);
});
