import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { FakeClock, settle } from "../../../test/support/fakes-clock.ts";
import { StartTurns } from "./start-turns.ts";
import { Turns } from "./turns.ts";

const never = new AbortController().signal;

describe("Turns", () => {
  let clock: FakeClock;
  let turns: Turns;
  let began: string[];
  let ends: Map<string, () => void>;
  beforeEach(() => {
    clock = new FakeClock();
    turns = new Turns(clock, { atATime: 2, holdMs: 1_000 });
    began = [];
    ends = new Map();
  });
  const thing = (name: string) => () => {
    began.push(name);
    return new Promise<void>((resolve) => ends.set(name, resolve));
  };
  const ask = (name: string, { rank = 0, signal = never } = {}) => turns.run(thing(name), signal, rank);
  const end = async (name: string) => {
    ends.get(name)?.();
    await settle();
  };

  it("runs so many at a time, the others in the order in which they came", async () => {
    for (const name of ["a", "b", "c", "d"]) void ask(name);
    await settle();
    assert.deepEqual(began, ["a", "b"]);
    await end("b");
    assert.deepEqual(began, ["a", "b", "c"]);
    await end("a");
    assert.deepEqual(began, ["a", "b", "c", "d"]);
  });

  it("prefers a higher rank", async () => {
    for (const name of ["a", "b", "c"]) void ask(name);
    void ask("d", { rank: 1 });
    void ask("e", { rank: 1 });
    await settle();
    for (const name of ["a", "b", "d", "e"]) await end(name);
    assert.deepEqual(began, ["a", "b", "d", "e", "c"]);
  });

  it("what takes long holds up the others for a while only, and its turn counts once", async () => {
    for (const name of ["a", "b", "c", "d", "e"]) void ask(name);
    await clock.pass(999);
    assert.deepEqual(began, ["a", "b"]);
    await clock.pass(1);
    assert.deepEqual(began, ["a", "b", "c", "d"]);
    await end("a");
    assert.deepEqual(began, ["a", "b", "c", "d"], "a had given its turn away");
    await end("c");
    assert.deepEqual(began, ["a", "b", "c", "d", "e"]);
  });

  it("who gives up leaves the queue, and never runs", async () => {
    const leaver = new AbortController();
    for (const name of ["a", "b"]) void ask(name);
    const left = assert.rejects(ask("c", { signal: leaver.signal }), /gone/);
    void ask("d");
    leaver.abort(new Error("gone"));
    await left;
    await end("a");
    assert.deepEqual(began, ["a", "b", "d"]);
    await assert.rejects(ask("e", { signal: leaver.signal }), /gone/);
  });

  it("a failure is passed on and frees the turn", async () => {
    const failing = () => turns.run(() => Promise.reject(new Error("failed")), never);
    for (let i = 0; i < 3; i += 1) await assert.rejects(failing(), /failed/);
    void ask("a");
    await settle();
    assert.deepEqual(began, ["a"]);
  });
});

describe("StartTurns", () => {
  it("finishes pods that have begun before others begin, and takes critical ones first", async () => {
    const turns = new StartTurns(new FakeClock(), 1);
    const began: string[] = [];
    const ends: (() => void)[] = [];
    const make = (name: string) => () => {
      began.push(name);
      return new Promise<void>((resolve) => ends.push(resolve));
    };
    const critical = { spec: { containers: [], priority: 2_000_000_000 } };
    for (const name of ["1", "2", "3", "4"]) void turns.sandbox({}, make(name), never);
    void turns.sandbox({}, make("sandbox"), never);
    void turns.sandbox(critical, make("critical sandbox"), never);
    void turns.container({}, make("container"), never);
    void turns.container(critical, make("critical container"), never);
    for (let i = 0; i < 8; i += 1) {
      await settle();
      ends[i]?.();
    }
    assert.deepEqual(began.slice(4), ["critical container", "container", "critical sandbox", "sandbox"]);
  });
});
