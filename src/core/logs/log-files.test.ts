import assert from "node:assert/strict";
import { test } from "node:test";
import { lastLogLines } from "./last-lines.ts";
import {
  containerIdOfLogLink,
  containerLogLinkName,
  latestRestartCount,
  podLogDirectoryName,
  podUidOfLogDirectory,
} from "./log-paths.ts";
import { logRotationPlan } from "./rotation.ts";
import { startTailSearch, tailSearchStep } from "./tail-search.ts";

const NOW_MS = Date.parse("2024-03-01T02:03:04.999Z");
const PATH = "/logs/c/0.log";

function rotate(rotatedPaths: readonly string[], maxFiles: number, sizeBytes: number | undefined = 10) {
  return logRotationPlan({
    path: PATH,
    sizeBytes,
    rotatedPaths,
    policy: { maxSizeBytes: 10, maxFiles },
    nowMs: NOW_MS,
  });
}

const MOVE = [{ kind: "rename", from: PATH, to: `${PATH}.20240301-020304` }, { kind: "reopen" }];

test("a log is rotated at its size limit, and reopened when it is not there", () => {
  assert.deepEqual(rotate([], 5), MOVE);
  assert.deepEqual(rotate([], 5, 9), []);
  assert.deepEqual(
    logRotationPlan({
      path: PATH,
      sizeBytes: undefined,
      rotatedPaths: [],
      policy: { maxSizeBytes: 10, maxFiles: 5 },
      nowMs: NOW_MS,
    }),
    [{ kind: "reopen" }],
  );
});

test("the oldest go so that all files stay within the limit, and the rest is compressed", () => {
  const old = [`${PATH}.20240101-000000.gz`, `${PATH}.20240102-000000`, `${PATH}.20231231-000000.gz`];
  assert.deepEqual(rotate(old, 4), [
    { kind: "remove", path: `${PATH}.20231231-000000.gz` },
    { kind: "compress", from: `${PATH}.20240102-000000`, to: `${PATH}.20240102-000000.gz` },
    ...MOVE,
  ]);
  assert.deepEqual(
    rotate(old, 2).map(({ kind }) => kind),
    ["remove", "remove", "remove", "rename", "reopen"],
  );
});

test("what a compression that was cut off left is removed and does not count", () => {
  const half = [`${PATH}.20240101-000000`, `${PATH}.20240101-000000.gz`, `${PATH}.20240102-000000.tmp`];
  assert.deepEqual(rotate(half, 3), [{ kind: "remove", path: half[0] }, { kind: "remove", path: half[2] }, ...MOVE]);
});

test("a rotated file is never written over", () => {
  assert.deepEqual(rotate([`${PATH}.20240301-020304.gz`], 5), []);
});

test("the last lines of a file are found whatever blocks it is read in", () => {
  const files = ["", "\n", "a", "a\n", "a\nb", "\n\n\n", "one\ntwo\nthree\n", "one\n\ntwo\nthree"];
  for (const file of files) {
    for (let lines = 0; lines < 6; lines += 1) {
      const expected = file
        .split(/(?<=\n)/)
        .filter((line) => line.endsWith("\n"))
        .slice(lines === 0 ? file.length : -lines);
      const rest = file.slice(file.lastIndexOf("\n") + 1);
      for (let block = 1; block < 9; block += 1) {
        assert.equal(
          file.slice(tailStart(file, lines, block)),
          expected.join("") + rest,
          JSON.stringify([file, lines, block]),
        );
      }
    }
  }
  assert.equal(startTailSearch(10, undefined).start, 0);
});

function tailStart(file: string, lines: number, block: number): number {
  const bytes = new TextEncoder().encode(file);
  let search = startTailSearch(bytes.length, lines);
  while (search.start === undefined) {
    search = tailSearchStep(search, bytes.subarray(Math.max(0, search.blockEnd - block), search.blockEnd));
  }
  return search.start;
}

test("the end of a log is its last 2048 bytes, without what cannot be read", () => {
  assert.equal(lastLogLines("cut\n2023-11-07T10:00:00Z stdout F a\n2023-11-07T10:00:00Z stderr P b\n"), "a\nb");
  const long = lastLogLines("2023-11-07T10:00:00Z stdout F ".concat("é".repeat(2000), "\n"));
  assert.equal(new TextEncoder().encode(long).length <= 2048 + 2, true);
  assert.equal(long.endsWith("é\n"), true);
  assert.equal(lastLogLines("2023-11-07T10:00:00Z stdout F x\n".repeat(100)), "x\n".repeat(80));
});

test("names of logs tell whose they are", () => {
  const pod = { namespace: "ns", name: "p", uid: "u" };
  assert.equal(podUidOfLogDirectory(podLogDirectoryName(pod)), "u");
  assert.equal(containerIdOfLogLink(containerLogLinkName(pod, "my-app", "abc")), "abc");
  const long = containerLogLinkName({ ...pod, name: "p".repeat(253) }, "c", "abc");
  assert.deepEqual([long.length, long.endsWith(".log")], [255, true]);
});

test("restarts are counted on from the logs that earlier instances left", () => {
  assert.equal(latestRestartCount(["2.log.20240101-000000.gz", "10.log", "9.log", "x.log", "11"]), 10);
  assert.equal(latestRestartCount([]), undefined);
});
