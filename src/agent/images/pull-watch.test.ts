import assert from "node:assert/strict";
import { test } from "node:test";
import { noTransfers } from "../../../test/support/fakes-agent.ts";
import { FakeClock } from "../../../test/support/fakes-clock.ts";
import { FakeLog } from "../../../test/support/fakes-ports.ts";
import type { Pod } from "../../core/api/types.ts";
import type { BlobTransfer, ImageManifest } from "../../core/images/pull-progress.ts";
import { progressText } from "../../core/images/pull-progress.ts";
import { RuntimeError } from "../../ports/errors.ts";
import type { ImageTransfers } from "../../ports/image-transfers.ts";
import { PullWatch } from "./pull-watch.ts";

const IMAGE = "reg.io/team/app:1";

function podOf(name: string): Pod {
  return { metadata: { name, uid: `uid-${name}` }, spec: { containers: [{ name: "main", image: IMAGE }] } };
}

class FakeTransfers implements ImageTransfers {
  looks = 0;
  writing: readonly BlobTransfer[] = [];
  stored: readonly ImageManifest[] = [];
  whole: readonly string[] = [];
  failure: Error | undefined;

  async transfers() {
    this.looks += 1;
    if (this.failure !== undefined) throw this.failure;
    return this.writing;
  }
  async manifests(repository: string) {
    assert.equal(repository, "reg.io/team/app");
    return this.stored;
  }
  async present(digests: readonly string[]) {
    return new Set(digests.filter((digest) => this.whole.includes(digest)));
  }
}

function world(transfers: ImageTransfers) {
  const clock = new FakeClock();
  const told: string[] = [];
  const events = {
    pod: (_pod: Pod, type: string, reason: string, message: string) => void told.push(`${type} ${reason} ${message}`),
  };
  const watch = new PullWatch({ clock, log: new FakeLog(), events, transfers });
  const begin = (name = "web") => watch.begin({ pod: podOf(name), container: "main", image: IMAGE });
  const shown = () => watch.list().map(({ pod, progress }) => `${pod}: ${progressText(progress)}`);
  return { clock, told, watch, begin, shown };
}

function manifest(digest: string, createdAtMs: number): ImageManifest {
  return { digest, createdAtMs, blobs: [{ digest: `layer-of-${digest}`, sizeBytes: 100_000_000 }] };
}

test("a pull shows where it is: waiting, asking, how much of how much, unpacking, gone", async () => {
  const transfers = new FakeTransfers();
  const { clock, begin, shown } = world(transfers);
  const pull = begin();
  assert.deepEqual(shown(), ["web: waiting for other pulls"]);
  pull.start();
  await clock.pass(2_000);
  assert.deepEqual(shown(), ["web: asking the registry for 2s"]);
  transfers.stored = [manifest("m", clock.now())];
  transfers.writing = [{ digest: "layer-of-m", writtenBytes: 10_000_000 }];
  await clock.pass(1_000);
  assert.deepEqual(shown(), ["web: 10% (10MB of 100MB)"]);
  transfers.writing = [{ digest: "layer-of-m", writtenBytes: 30_000_000 }];
  await clock.pass(1_000);
  assert.deepEqual(shown(), ["web: 30% (30MB of 100MB), 20MB/s"]);
  transfers.whole = ["layer-of-m"];
  await clock.pass(1_000);
  assert.deepEqual(shown(), ["web: 100% (100MB), unpacking"]);
  pull.end();
  assert.deepEqual(shown(), []);
});

test("the runtime is asked only while something is pulled, and not for what is over within a second", async () => {
  const transfers = new FakeTransfers();
  const { clock, begin } = world(transfers);
  await clock.pass(10_000);
  const short = begin();
  short.start();
  await clock.pass(900);
  short.end();
  await clock.pass(10_000);
  assert.equal(transfers.looks, 0);
  const long = begin();
  long.start();
  await clock.pass(3_500);
  long.end();
  await clock.pass(10_000);
  assert.equal(transfers.looks, 3);
});

test("two pulls from one repository have a manifest each", async () => {
  const transfers = new FakeTransfers();
  const { clock, begin, shown } = world(transfers);
  const [first, second] = [begin("a"), begin("b")];
  first.start();
  transfers.stored = [manifest("early", clock.now())];
  await clock.pass(500);
  second.start();
  transfers.stored = [manifest("late", clock.now()), ...transfers.stored];
  transfers.writing = [
    { digest: "layer-of-early", writtenBytes: 10_000_000 },
    { digest: "layer-of-late", writtenBytes: 20_000_000 },
  ];
  await clock.pass(1_000);
  assert.deepEqual(shown(), ["a: 10% (10MB of 100MB)", "b: 20% (20MB of 100MB)"]);
  first.end();
  second.end();
});

test("events tell of it after 5 s, 10 s, 20 s and so on", async () => {
  const transfers = new FakeTransfers();
  const { clock, begin, told } = world(transfers);
  transfers.stored = [manifest("m", clock.now())];
  const pull = begin();
  pull.start();
  for (let second = 1; second <= 60; second += 1) {
    transfers.writing = [{ digest: "layer-of-m", writtenBytes: second * 1_000_000 }];
    await clock.pass(1_000);
  }
  pull.end();
  assert.deepEqual(told, [
    `Normal Pulling Pulling image "${IMAGE}": 5% (5MB of 100MB), 1MB/s`,
    `Normal Pulling Pulling image "${IMAGE}": 10% (10MB of 100MB), 1MB/s`,
    `Normal Pulling Pulling image "${IMAGE}": 20% (20MB of 100MB), 1MB/s`,
    `Normal Pulling Pulling image "${IMAGE}": 40% (40MB of 100MB), 1MB/s`,
  ]);
});

test("of a runtime that does not tell, that is said; it is asked once and there are no events", async () => {
  const { clock, begin, shown, told } = world(noTransfers);
  const pull = begin();
  pull.start();
  await clock.pass(30_000);
  assert.deepEqual(shown(), ["web: for 30s (this runtime does not tell how far)"]);
  assert.deepEqual(told, []);
  pull.end();
});

test("a look that fails leaves what is known as it is", async () => {
  const transfers = new FakeTransfers();
  const { clock, begin, shown } = world(transfers);
  const pull = begin();
  pull.start();
  transfers.stored = [manifest("m", clock.now())];
  transfers.writing = [{ digest: "layer-of-m", writtenBytes: 10_000_000 }];
  await clock.pass(1_000);
  transfers.failure = new RuntimeError("Unavailable", "ListStatuses", "connection refused");
  await clock.pass(1_000);
  assert.deepEqual(shown(), ["web: 10% (10MB of 100MB)"]);
  transfers.failure = undefined;
  transfers.writing = [{ digest: "layer-of-m", writtenBytes: 20_000_000 }];
  await clock.pass(1_000);
  assert.deepEqual(shown(), ["web: 20% (20MB of 100MB), 5MB/s"]);
  pull.end();
});
