import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settle } from "../../../test/support/fakes-clock.ts";
import { FakeLog, FakeStore } from "../../../test/support/fakes-ports.ts";
import { containerOfPod, FakeImages, FakeRuntime, Gate } from "../../../test/support/fakes-runtime.ts";
import { RuntimeError } from "../../ports/errors.ts";
import { EventRecorder } from "../events/event-recorder.ts";
import { ImageGc, type ImageGcOptions } from "./image-gc.ts";
import { ImageHolds } from "./image-holds.ts";

const MINUTE = 60_000;

interface Kept {
  readonly clock: FakeClock;
  readonly images: FakeImages;
  readonly store: FakeStore;
  readonly runtime: FakeRuntime;
}

function world(
  policy: Partial<ImageGcOptions["policy"]> = {},
  more: { readonly keepImages?: readonly string[]; readonly kept?: Kept } = {},
) {
  const clock = more.kept?.clock ?? new FakeClock();
  const log = new FakeLog();
  const runtime = more.kept?.runtime ?? new FakeRuntime(clock);
  const images = more.kept?.images ?? new FakeImages();
  const store = more.kept?.store ?? new FakeStore();
  const events = new EventRecorder({ clock, log, store: new FakeStore() }, { nodeName: "node" });
  const holds = new ImageHolds();
  const gc = new ImageGc(
    {
      clock,
      log,
      runtime: runtime.service,
      images: images.service,
      filesystem: images.filesystem,
      store,
      events,
      holds,
    },
    {
      policy: { highThresholdPercent: 85, lowThresholdPercent: 80, minAgeMs: 2 * MINUTE, maxAgeMs: 0, ...policy },
      periodMs: 5 * MINUTE,
      keepImages: more.keepImages ?? [],
    },
  );
  const abort = new AbortController();
  const start = async () => {
    await gc.start(abort.signal);
    await settle();
  };
  const use = (image: string, id = `c-${image}`) =>
    runtime.containers.set(id, { ...containerOfPod("a", id, "main"), imageRef: `id-of-${image}`, image: { image } });
  const told = () => events.list().map(({ type, reason, message }) => `${type} ${reason} ${message}`);
  const kept: Kept = { clock, images, store, runtime };
  return { clock, runtime, images, holds, gc, abort, start, use, told, kept };
}

test("a disk over the high threshold gets images removed until it is at the low one, those of containers stay", async () => {
  const { clock, images, start, use, told } = world();
  images.imageBytes = 5;
  images.otherBytes = 67;
  for (const name of ["used", "dead", "x", "y"]) images.present.add(name);
  use("used");
  use("dead");
  await start();
  await clock.pass(MINUTE);
  assert.deepEqual(images.removals, ["x", "y"]);
  assert.deepEqual(told(), []);
});

test("what cannot be freed is told, a failed run only when the one before has failed, too", async () => {
  const { clock, images, start, told } = world();
  images.otherBytes = 90;
  await start();
  await clock.pass(MINUTE);
  const text =
    "Failed to garbage collect required amount of images. Attempted to free 10 bytes, but only found 0 bytes eligible to free.";
  assert.deepEqual(told(), [`Warning FreeDiskSpaceFailed ${text}`]);
  await clock.pass(5 * MINUTE);
  assert.deepEqual(told().toSorted(), [`Warning FreeDiskSpaceFailed ${text}`, `Warning ImageGCFailed ${text}`]);
});

test("a disk that cannot be measured frees nothing", async () => {
  const { clock, images, start, told } = world();
  images.capacityBytes = undefined;
  images.present.add("x");
  await start();
  await clock.pass(MINUTE);
  assert.deepEqual(images.removals, []);
  assert.deepEqual(told(), ["Warning InvalidDiskCapacity invalid capacity 0 on image filesystem"]);
});

test("all unused images can be removed, but for those that are young, pinned, held or always kept", async () => {
  const { images, holds, gc, start } = world({}, { keepImages: ["pause"] });
  for (const name of ["old", "pinned", "held", "pause"]) images.present.add(name);
  images.pinned.add("pinned");
  await start();
  images.present.add("young");
  const { signal } = new AbortController();
  await holds.hold().keep(() => images.imageStatus({ image: "held" }), signal);
  const result = await gc.deleteUnusedImages();
  assert.deepEqual(result, { removed: ["id-of-old"], freedBytes: 1 });
});

test("an image whose removal fails holds up no other", async () => {
  const { images, gc, start } = world();
  images.present.add("a");
  images.present.add("b");
  images.remove = async (name) => {
    if (name === "a") throw new RuntimeError("Unknown", "RemoveImage", "image is busy");
  };
  await start();
  const { removed, error } = await gc.deleteUnusedImages();
  assert.deepEqual(removed, ["id-of-b"]);
  assert.match(error ?? "", /in image deletion: image is busy$/);
});

test("nothing is removed when it cannot be seen what is in use", async () => {
  const { images, runtime, gc, start } = world();
  images.present.add("a");
  await start();
  runtime.fail("listContainers", new RuntimeError("Unavailable", "ListContainers", "no runtime"));
  assert.deepEqual(await gc.deleteUnusedImages(), { removed: [], freedBytes: 0, error: "no runtime" });
  assert.deepEqual(images.removals, []);
});

test("an aborted run ends after the removal that is under way, and reports no failure", async () => {
  const { images, gc, start } = world();
  for (const name of ["a", "b"]) images.present.add(name);
  await start();
  const gate = new Gate();
  images.remove = () => gate.opened;
  const abort = new AbortController();
  const run = gc.deleteUnusedImages(abort.signal);
  await settle();
  abort.abort();
  gate.open();
  assert.deepEqual(await run, { removed: ["id-of-a"], freedBytes: 1 });
});

test("images that nobody used for the maximum age go, with room on the disk as well", async () => {
  const { clock, images, runtime, start, use } = world({ maxAgeMs: 60 * MINUTE });
  for (const name of ["used", "once"]) images.present.add(name);
  use("used");
  use("once");
  await start();
  await clock.pass(30 * MINUTE);
  runtime.containers.delete("c-once");
  await clock.pass(50 * MINUTE);
  assert.deepEqual(images.removals, []);
  await clock.pass(20 * MINUTE);
  assert.deepEqual(images.removals, ["once"]);
});

test("when an image was used is known to the next agent", async () => {
  const first = world();
  const { clock, images, runtime } = first;
  for (const name of ["early", "late"]) images.present.add(name);
  first.use("early");
  first.use("late");
  await first.start();
  runtime.containers.delete("c-early");
  await clock.pass(10 * MINUTE);
  runtime.containers.delete("c-late");
  first.abort.abort();
  await first.gc.stop();
  images.otherBytes = 83;
  const next = world({}, { kept: first.kept });
  await next.start();
  await clock.pass(MINUTE);
  assert.deepEqual(images.removals, ["early", "late"]);
});

test("with a high threshold of 100 and no maximum age no disk is asked", async () => {
  const { clock, images, start } = world({ highThresholdPercent: 100 });
  images.otherBytes = 100;
  images.present.add("a");
  await start();
  await clock.pass(20 * MINUTE);
  assert.deepEqual(images.removals, []);
});
