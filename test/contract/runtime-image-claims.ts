import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRuntimeError } from "../../src/ports/errors.ts";
import { type RuntimeUnderTest, settled, withPod } from "./runtime-fixture.ts";

const UNKNOWN_IMAGE = { image: "localhost/tskubelet/no-such-image:1" };

export function imageClaims(use: () => RuntimeUnderTest): void {
  describe("images", () => {
    it("finds an image by its tag and by its ID", async () => {
      const { images, image } = use();
      const byTag = await images.imageStatus({ image });
      assert.match(byTag?.id ?? "", /^sha256:[0-9a-f]{64}$/);
      assert.ok(byTag?.repoTags.includes(image));
      assert.ok((byTag?.sizeBytes ?? 0) > 0);
      assert.equal((await images.imageStatus({ image: byTag?.id ?? "" }))?.id, byTag?.id);
    });

    it("lists images, all or one", async () => {
      const { images, image } = use();
      const all = await images.listImages();
      const one = await images.listImages({ image: { image } });
      assert.ok(all.some((row) => row.repoTags.includes(image)));
      assert.deepEqual(
        one.map((row) => row.repoTags.includes(image)),
        [true],
      );
      assert.deepEqual(await images.listImages({ image: UNKNOWN_IMAGE }), []);
    });

    it("names by its ID the image that a container runs", async () => {
      const subject = use();
      const { runtime, images, image, commands } = subject;
      await withPod(subject, async ({ create }) => {
        const status = await runtime.containerStatus(await create(commands.sleep));
        assert.equal(status?.imageRef, (await images.imageStatus({ image }))?.id);
      });
    });

    it("has nothing to say of an unknown image, removes it without failure and cannot pull it", async () => {
      const subject = use();
      const { images } = subject;
      assert.equal(await images.imageStatus(UNKNOWN_IMAGE), undefined);
      await images.removeImage(UNKNOWN_IMAGE);
      await assert.rejects(settled(subject, images.pullImage(UNKNOWN_IMAGE, undefined, undefined)), (error) =>
        isRuntimeError(error),
      );
    });

    it("tells what images take of the disk", async () => {
      const subject = use();
      const { imageFilesystems, containerFilesystems } = await subject.images.imageFsInfo();
      assert.equal(imageFilesystems.length, 1);
      // Older runtimes tell of images alone.
      for (const usage of [...imageFilesystems, ...containerFilesystems]) {
        assert.notEqual(usage.mountpoint, "");
        assert.ok(usage.timestampMs > 0);
      }
    });
  });
}
