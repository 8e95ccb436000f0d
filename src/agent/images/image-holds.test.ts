import assert from "node:assert/strict";
import { test } from "node:test";
import { settle } from "../../../test/support/fakes-clock.ts";
import { Gate } from "../../../test/support/fakes-runtime.ts";
import type { CriImage } from "../../core/cri/types.ts";
import { ImageHolds } from "./image-holds.ts";

const IMAGE: CriImage = { id: "i", repoTags: [], repoDigests: [], sizeBytes: 1, username: "", pinned: false };
const { signal } = new AbortController();

test("a held image is not removed, nor one that was held at any time during the run", async () => {
  const holds = new ImageHolds();
  const hold = holds.hold();
  await hold.keep(async () => IMAGE, signal);
  const run = holds.beginRemovals();
  hold.release();
  hold.release();
  assert.equal(await run.remove("i", async () => assert.fail()), false);
  run.end();
  const next = holds.beginRemovals();
  assert.equal(await next.remove("i", async () => {}), true);
});

test("an image held twice stays until both let it go", async () => {
  const holds = new ImageHolds();
  const [first, second] = [holds.hold(), holds.hold()];
  for (const hold of [first, second]) await hold.keep(async () => IMAGE, signal);
  first.release();
  assert.equal(await holds.beginRemovals().remove("i", async () => assert.fail()), false);
  second.release();
  assert.equal(await holds.beginRemovals().remove("i", async () => {}), true);
});

test("an image that is being removed is looked for again when that is done", async () => {
  const holds = new ImageHolds();
  const gate = new Gate();
  let present: CriImage | undefined = IMAGE;
  const removed = holds.beginRemovals().remove("i", async () => {
    await gate.opened;
    present = undefined;
  });
  const kept = holds.hold().keep(async () => present, signal);
  await settle();
  gate.open();
  assert.equal(await kept, undefined);
  await removed;
});

test("an answer that is older than a removal does not count", async () => {
  const holds = new ImageHolds();
  const gate = new Gate();
  const answers: (CriImage | undefined)[] = [IMAGE, undefined];
  const kept = holds.hold().keep(async () => {
    const answer = answers.shift();
    await gate.opened;
    return answer;
  }, signal);
  await holds.beginRemovals().remove("i", async () => {});
  gate.open();
  assert.equal(await kept, undefined);
  const again = await holds.hold().keep(async () => IMAGE, signal);
  assert.equal(again, IMAGE);
});

test("a removal that hangs does not hold up the end of the agent", async () => {
  const holds = new ImageHolds();
  const abort = new AbortController();
  void holds.beginRemovals().remove("i", () => new Promise(() => {}));
  const kept = holds.hold().keep(async () => {
    abort.signal.throwIfAborted();
    return IMAGE;
  }, abort.signal);
  await settle();
  abort.abort();
  await assert.rejects(kept);
});
