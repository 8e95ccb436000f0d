import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { buildOciImage } from "../../src/host/images/oci-image.ts";
import { type ContainerdNode, startContainerdNode } from "../support/containerd-node.ts";
import { startImageRegistry } from "../support/image-registry.ts";
import { imageTransfersContract } from "./image-transfers-contract.ts";

let node: ContainerdNode;
let made = 0;
before(async () => {
  node = await startContainerdNode("tsktrans0");
});
after(() => node.close());

imageTransfersContract("containerd", async () => {
  const { cri } = node;
  made += 1;
  // Each image is another one, so that nothing of it is there yet.
  const content = new Uint8Array(4_000_000).fill(made);
  const image = buildOciImage("unused:1", [{ path: "data", kind: "file", mode: 0o644, content }], {});
  const registry = await startImageRegistry({ images: { "team/app:1": image }, slow: { parts: 20, pauseMs: 50 } });
  return {
    transfers: cri.transfers,
    repository: `${registry.host}/team/app`,
    pull: () => cri.images.pullImage({ image: `${registry.host}/team/app:1` }, undefined, undefined),
    now: () => Date.now(),
    pass: (ms) => sleep(ms),
    close: () => registry.close(),
  };
});
