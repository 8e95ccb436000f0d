import assert from "node:assert/strict";
import { test } from "node:test";
import {
  endLogFile,
  feedLog,
  type LogReadOptions,
  type LogReadState,
  type LogReadStep,
  logReadOptions,
  startLogRead,
} from "./log-reader.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const ALL: LogReadOptions = { timestamps: false, follow: false };
const LOG =
  "2023-11-07T10:00:00Z stdout F one\n" +
  "2023-11-07T10:00:01.5+02:00 stdout P tw\n" +
  "2023-11-07T10:00:02Z stderr F err\n" +
  "garbage\n" +
  "2023-11-07T10:00:03Z stdout F o é\n" +
  "2023-11-07T10:00:04Z stderr F last";

function text({ writes }: LogReadStep): string {
  return writes.map(({ stream, bytes }) => `${stream === "stdout" ? "O" : "E"}:${decoder.decode(bytes)}`).join("");
}

/** Both the output and whether it came to an end, read in pieces that end at `cuts`. */
function readIn(cuts: readonly number[], options: LogReadOptions): string {
  const bytes = encoder.encode(LOG);
  let state = startLogRead(options);
  let output = "";
  for (const [index, cut] of [...cuts, bytes.length].entries()) {
    const step = feedLog(state, options, bytes.slice(cuts[index - 1] ?? 0, cut));
    state = step.state;
    output += text(step);
  }
  const end = endLogFile(state, options);
  return output + text(end) + (end.state.done ? " done" : "");
}

test("output does not depend on how the file comes in", () => {
  const options = { ...ALL, timestamps: true };
  const whole = readIn([], options);
  assert.equal(
    whole,
    "O:2023-11-07T10:00:00.000000000Z one\nO:2023-11-07T10:00:01.500000000+02:00 tw" +
      "E:err\nO:2023-11-07T10:00:03.000000000Z o é\nE:2023-11-07T10:00:04.000000000Z last",
  );
  const size = encoder.encode(LOG).length;
  for (let cut = 0; cut <= size; cut += 1) {
    assert.equal(readIn([cut], options), whole);
    assert.equal(readIn([Math.floor(cut / 2), cut], options), whole);
  }
});

test("bytes of a chunk may be used again as soon as its output is written", () => {
  const chunk = encoder.encode("2023-11-07T10:00:00Z stdout F a");
  const { state } = feedLog(startLogRead(ALL), ALL, chunk);
  chunk.fill(0);
  assert.equal(text(endLogFile(state, ALL)), "O:a");
});

test("reading is done as soon as a limit is reached", () => {
  assert.equal(readIn([], { ...ALL, limitBytes: 5 }), "O:one\nO:t done");
  assert.equal(readIn([], { ...ALL, tailLines: 1 }), "O:one\n done");
  assert.equal(startLogRead({ ...ALL, tailLines: 0 }).done, true);
  assert.equal(startLogRead({ ...ALL, tailLines: 0, follow: true }).done, false);
});

test("only the wanted stream is written, and only it counts against the limit", () => {
  assert.equal(readIn([], { ...ALL, stream: "stderr", limitBytes: 5 }), "E:err\nE:l done");
});

test("following goes on with the next file after a rotation", () => {
  const options = { ...ALL, follow: true, tailLines: 1 };
  let state: LogReadState = startLogRead(options);
  const feed = (chunk: string) => {
    const step = feedLog(state, options, encoder.encode(chunk));
    state = step.state;
    return text(step);
  };
  assert.equal(feed("2023-11-07T10:00:00Z stdout F a\n2023-11-07T10:00:00Z stdout F b"), "O:a\n");
  const end = endLogFile(state, options);
  assert.equal(text(end), "O:b");
  assert.equal(end.state.done, false);
  state = end.state;
  assert.equal(feed("2023-11-07T10:00:01Z stdout F c\n"), "O:c\n");
});

test("a Docker line of an unknown stream ends the reading with an error", () => {
  const step = feedLog(startLogRead(ALL), ALL, encoder.encode('{"LOG":"x","stream":"a\\"b"}\n'));
  assert.equal(step.error, 'unexpected stream type "a\\"b"');
  assert.equal(step.state.done, true);
});

test("the later of both since options counts, and negative limits are none", () => {
  const sinceTime = { seconds: 50, nanoseconds: 0, offsetMinutes: 0 };
  const now = 100_500;
  assert.deepEqual(logReadOptions({ sinceSeconds: 10, sinceTime }, now).since, {
    seconds: 90,
    nanoseconds: 500_000_000,
    offsetMinutes: 0,
  });
  assert.equal(logReadOptions({ sinceSeconds: 90, sinceTime }, now).since, sinceTime);
  assert.deepEqual(logReadOptions({ tailLines: -1, limitBytes: null }, now), ALL);
});
