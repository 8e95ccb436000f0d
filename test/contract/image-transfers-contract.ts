import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import {
  beginPull,
  manifestOfPull,
  type PullState,
  pullProgress,
  samplePull,
} from "../../src/core/images/pull-progress.ts";
import type { ImageTransfers } from "../../src/ports/image-transfers.ts";

export interface TransfersUnderTest {
  readonly transfers: ImageTransfers;
  /** Name without tag of an image that comes slowly, over a second or so. */
  readonly repository: string;
  /** Begins to pull it; resolves when it is there. */
  readonly pull: () => Promise<unknown>;
  /** By the wall clock. */
  readonly now: () => number;
  readonly pass: (ms: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** What every ImageTransfers must hold. */
export function imageTransfersContract(name: string, create: () => Promise<TransfersUnderTest>): void {
  describe(`ImageTransfers: ${name}`, () => {
    let under: TransfersUnderTest;
    beforeEach(async () => {
      under = await create();
    });
    afterEach(() => under.close());

    it("says of a pull how much of how much has come, until all is there", async () => {
      const { transfers, repository } = under;
      const startedAtMs = under.now();
      const pulled = under.pull();
      let done = false;
      void pulled.then(() => {
        done = true;
      });
      let state: PullState = beginPull(0);
      const seen: number[] = [];
      for (let look = 0; look < 400 && !done; look += 1) {
        await under.pass(10);
        const current = await transfers.transfers();
        const found = manifestOfPull(await transfers.manifests(repository), {
          startedAtMs,
          earliestStartMs: startedAtMs,
          transfers: current,
          taken: new Set(),
        });
        if (state.blobs === undefined && found !== undefined) state = { ...state, blobs: found.blobs };
        const present = await transfers.present((state.blobs ?? []).map(({ digest }) => digest));
        state = samplePull(state, current, present, look);
        const { doneBytes } = pullProgress(state, look);
        if (doneBytes !== undefined) seen.push(doneBytes);
      }
      await pulled;
      const [first = 0, last = 0] = [seen[0], seen.at(-1)];
      const { totalBytes = 0 } = pullProgress(state, 400);
      assert.ok(first < last && last <= totalBytes, `${first} ${last} ${totalBytes}`);
      const digests = (state.blobs ?? []).map(({ digest }) => digest);
      assert.deepEqual(await transfers.present(digests), new Set(digests));
      assert.deepEqual(await transfers.transfers(), []);
    });

    it("knows nothing of what nobody pulls", async () => {
      const { transfers, repository } = under;
      assert.deepEqual(await transfers.transfers(), []);
      assert.deepEqual(await transfers.manifests(`${repository}-other`), []);
      assert.deepEqual(await transfers.present([]), new Set());
      assert.deepEqual(await transfers.present([`sha256:${"0".repeat(64)}`]), new Set());
    });
  });
}
