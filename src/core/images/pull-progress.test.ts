import assert from "node:assert/strict";
import { test } from "node:test";
import {
  beginPull,
  type ImageManifest,
  manifestOfPull,
  nextTellAtMs,
  type PullState,
  progressText,
  pullProgress,
  samplePull,
  shortProgressText,
} from "./pull-progress.ts";

const BLOBS = [
  { digest: "sha256:config", sizeBytes: 1_000_000 },
  { digest: "sha256:a", sizeBytes: 99_000_000 },
  { digest: "sha256:b", sizeBytes: 100_000_000 },
];
const NOTHING: ReadonlySet<string> = new Set();

function downloading(...looks: readonly { readonly atMs: number; readonly a: number }[]): PullState {
  return looks.reduce<PullState>(
    (state, { atMs, a }) =>
      samplePull(state, [{ digest: "sha256:a", writtenBytes: a }], new Set(["sha256:config"]), atMs),
    { ...beginPull(0), blobs: BLOBS },
  );
}

test("blobs that are there count whole, those under way with what came; the rest is still to come", () => {
  const progress = pullProgress(downloading({ atMs: 1_000, a: 49_000_000 }), 1_000);
  assert.deepEqual(progress, {
    phase: "downloading",
    elapsedMs: 1_000,
    doneBytes: 50_000_000,
    totalBytes: 200_000_000,
    percent: 25,
  });
  assert.equal(progressText(progress), "25% (50MB of 200MB)");
});

test("the speed is that of the last seconds", () => {
  const state = downloading(
    { atMs: 0, a: 0 },
    { atMs: 1_000, a: 50_000_000 },
    { atMs: 10_000, a: 50_000_000 },
    { atMs: 15_000, a: 60_000_000 },
  );
  const progress = pullProgress(state, 15_000);
  assert.equal(progress.bytesPerSecond, 2_000_000);
  assert.equal(progressText(progress), "30% (61MB of 200MB), 2MB/s");
});

test("a pull to which nothing comes says so", () => {
  const state = downloading({ atMs: 1_000, a: 9_000_000 }, { atMs: 9_000, a: 9_000_000 });
  assert.equal(progressText(pullProgress(state, 12_500)), "5% (10MB of 200MB), nothing came for 11s");
});

test("what was seen once is not unseen", () => {
  const before = downloading({ atMs: 1_000, a: 99_000_000 });
  const after = samplePull(before, [], new Set(["sha256:config"]), 2_000);
  assert.equal(pullProgress(after, 2_000).doneBytes, 100_000_000);
});

test("when everything is there it is unpacked, and 100 percent is said only then", () => {
  const almost = samplePull(
    { ...beginPull(0), blobs: BLOBS },
    [{ digest: "sha256:b", writtenBytes: 99_999_999 }],
    new Set(["sha256:config", "sha256:a"]),
    1_000,
  );
  assert.equal(pullProgress(almost, 1_000).percent, 99);
  const all = samplePull(almost, [], new Set(BLOBS.map(({ digest }) => digest)), 2_000);
  assert.equal(progressText(pullProgress(all, 2_000)), "100% (200MB), unpacking");
});

test("before the registry has told what the image is made of there are no figures", () => {
  const state = samplePull(beginPull(1_000), [], NOTHING, 2_000);
  assert.deepEqual(pullProgress(state, 4_000), { phase: "starting", elapsedMs: 3_000 });
  assert.equal(progressText(pullProgress(state, 4_000)), "asking the registry for 3s");
});

test("a pull takes the manifest that came since it began, has a blob under way and is no other pull's", () => {
  const manifest = (digest: string, createdAtMs: number): ImageManifest => {
    return { digest, createdAtMs, blobs: [{ digest: `blob-of-${digest}`, sizeBytes: 1 }] };
  };
  const manifests = [manifest("retried", 10), manifest("first", 110), manifest("second", 120), manifest("idle", 130)];
  const transfers = ["retried", "first", "second"].map((name) => ({ digest: `blob-of-${name}`, writtenBytes: 0 }));
  const find = (startedAtMs: number, ...taken: readonly string[]) => {
    return manifestOfPull(manifests, { startedAtMs, earliestStartMs: 100, transfers, taken: new Set(taken) })?.digest;
  };
  assert.equal(find(100), "second");
  assert.equal(find(100, "second"), "first");
  // What an earlier try left behind, but never what came for a pull that began before this one.
  assert.equal(find(115, "second"), "retried");
  assert.equal(find(115, "second", "retried"), undefined);
});

test("events come less and less often, but at least every five minutes", () => {
  const times = [0];
  for (let index = 0; index < 9; index += 1) times.push(nextTellAtMs(0, times.at(-1) ?? 0));
  assert.deepEqual(
    times.map((ms) => ms / 1000),
    [0, 5, 10, 20, 40, 80, 160, 320, 620, 920],
  );
});

test("a cell of a table has room for a few letters", () => {
  const state = downloading({ atMs: 0, a: 0 }, { atMs: 1_000, a: 20_000_000 });
  assert.equal(shortProgressText(pullProgress(state, 1_000)), "pulling 10%, 20MB/s");
  assert.equal(shortProgressText(pullProgress(state, 8_000)), "pulling 10%, nothing for 7s");
  assert.equal(shortProgressText({ phase: "waiting", elapsedMs: 1 }), "waiting to pull");
  assert.equal(shortProgressText({ phase: "unknown", elapsedMs: 1 }), "pulling");
});
