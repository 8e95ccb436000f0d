import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { buildOciImage, type OciImage } from "../../src/host/images/oci-image.ts";
import { isRuntimeError } from "../../src/ports/errors.ts";
import { type ContainerdNode, startContainerdNode } from "../support/containerd-node.ts";
import { type ImageRegistry, type ImageRegistryOptions, startImageRegistry } from "../support/image-registry.ts";

const account = { username: "puller", password: "se:cret" };

function image(tag: string, bytes: number): OciImage {
  const content = new Uint8Array(bytes).fill(tag.length);
  return buildOciImage(`unused:${tag}`, [{ path: "data", kind: "file", mode: 0o644, content }], {
    entrypoint: ["/data"],
  });
}

describe("pulling from a registry through containerd", { concurrency: 1 }, () => {
  let node: ContainerdNode;
  before(async () => {
    node = await startContainerdNode("tskpull0");
  });
  after(() => node.close());

  const withRegistry = async (options: ImageRegistryOptions, use: (registry: ImageRegistry) => Promise<void>) => {
    const registry = await startImageRegistry(options);
    try {
      await use(registry);
    } finally {
      await registry.close();
    }
  };

  it("brings the image in, under its tag, its digest and its ID; then it can be removed", async () => {
    const built = image("1", 1000);
    await withRegistry({ images: { "team/app:1": built } }, async ({ host }) => {
      const { images } = node.cri;
      const name = `${host}/team/app:1`;
      const reference = await images.pullImage({ image: name }, undefined, undefined);
      assert.equal(reference, built.configDigest);
      const status = await images.imageStatus({ image: name });
      assert.equal(status?.id, built.configDigest);
      assert.deepEqual(status.repoDigests, [`${host}/team/app@${built.manifestDigest}`]);
      const byDigest = `${host}/team/app@${built.manifestDigest}`;
      assert.equal(await images.pullImage({ image: byDigest }, undefined, undefined), built.configDigest);
      await images.removeImage({ image: built.configDigest });
      assert.equal(await images.imageStatus({ image: name }), undefined);
    });
  });

  it("shows the account that the registry wants, and fails without it or with another", async () => {
    await withRegistry({ images: { "private/app:2": image("2", 1000) }, account }, async ({ host }) => {
      const { images } = node.cri;
      const spec = { image: `${host}/private/app:2` };
      await assert.rejects(images.pullImage(spec, undefined, undefined), (error) => isRuntimeError(error));
      const wrong = { ...account, password: "wrong" };
      await assert.rejects(images.pullImage(spec, wrong, undefined), (error) => isRuntimeError(error));
      assert.equal(await images.imageStatus(spec), undefined);
      await images.pullImage(spec, account, undefined);
      assert.notEqual(await images.imageStatus(spec), undefined);
      await images.removeImage(spec);
      const auth = Buffer.from(`${account.username}:${account.password}`).toString("base64");
      await images.pullImage(spec, { auth }, undefined);
      assert.notEqual(await images.imageStatus(spec), undefined);
    });
  });

  it("says NotFound for an image that the registry does not have", async () => {
    await withRegistry({ images: {} }, async ({ host }) => {
      await assert.rejects(node.cri.images.pullImage({ image: `${host}/no/such:1` }, undefined, undefined), (error) =>
        isRuntimeError(error, "NotFound"),
      );
    });
  });

  it("ends when it is cancelled or its deadline comes, and the image is not there", async () => {
    const slow = { parts: 200, pauseMs: 50 };
    await withRegistry({ images: { "large/app:3": image("three", 400_000) }, slow }, async ({ host, requests }) => {
      const { images } = node.cri;
      const spec = { image: `${host}/large/app:3` };
      const controller = new AbortController();
      const pull = images.pullImage(spec, undefined, undefined, { signal: controller.signal });
      pull.catch(() => {});
      while (!requests.some((request) => request.includes("/blobs/")))
        await new Promise((done) => setTimeout(done, 10));
      controller.abort();
      await assert.rejects(pull, (error) => isRuntimeError(error, "Cancelled"));
      await assert.rejects(images.pullImage(spec, undefined, undefined, { timeoutMs: 200 }), (error) =>
        isRuntimeError(error, "DeadlineExceeded"),
      );
      assert.equal(await images.imageStatus(spec), undefined);
    });
  });
});
