import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../../../test/support/fakes-clock.ts";
import { FakeLog } from "../../../test/support/fakes-ports.ts";
import { FakeStats } from "../../../test/support/fakes-stats.ts";
import { RuntimeError } from "../../ports/errors.ts";
import type { CriFilesystemUsage } from "../../ports/runtime.ts";
import { filesystemLayout, NodeDisks } from "./node-disks.ts";

function usage(mountpoint: string, usedBytes: number): CriFilesystemUsage {
  return { timestampMs: 7, mountpoint, usedBytes, inodesUsed: 1 };
}

/** The device of each directory; `layers` absent: the runtime tells of images alone. */
function disksOf(devices: { readonly root: string; readonly images: string; readonly layers?: string }) {
  const clock = new FakeClock();
  const stats = new FakeStats(clock);
  for (const [name, device] of Object.entries(devices)) {
    stats.filesystems.set(`/${name}`, { device, capacityBytes: 10, availableBytes: 5, usedBytes: 5 });
  }
  const info = {
    imageFilesystems: [usage("/images", 3)],
    containerFilesystems: devices.layers === undefined ? [] : [usage("/layers", 2)],
  };
  const images = { imageFsInfo: async () => info };
  return new NodeDisks({ clock, log: new FakeLog(), stats, images }, { rootDir: "/root" });
}

describe("where the runtime keeps what", () => {
  for (const [about, devices, layout] of [
    ["all on one disk", { root: "a", images: "a", layers: "a" }, "Shared"],
    ["images and layers apart from the node's", { root: "a", images: "b", layers: "b" }, "DedicatedImages"],
    ["images alone apart", { root: "a", images: "b", layers: "a" }, "SplitImages"],
    ["each on a disk of its own", { root: "a", images: "b", layers: "c" }, "Separate"],
    ["layers alone apart", { root: "a", images: "a", layers: "c" }, "Separate"],
    ["images elsewhere, and no word of layers", { root: "a", images: "b" }, "DedicatedImages"],
    ["one disk, and no word of layers", { root: "a", images: "a" }, "Shared"],
  ] as const) {
    it(`${about}: ${layout}`, async () => {
      assert.equal(filesystemLayout(await disksOf(devices).observe()), layout);
    });
  }

  it("is not known while one of them is not observed", async () => {
    const clock = new FakeClock();
    const images = { imageFsInfo: () => Promise.reject(new RuntimeError("Unavailable", "ImageFsInfo", "not yet")) };
    const stats = new FakeStats(clock);
    stats.filesystems.set("/root", { device: "a", capacityBytes: 10, availableBytes: 5, usedBytes: 5 });
    const disks = new NodeDisks({ clock, log: new FakeLog(), stats, images }, { rootDir: "/root" });
    assert.equal(filesystemLayout(await disks.observe()), undefined);
    const { containerFs: _, ...unseen } = await disksOf({ root: "a", images: "b", layers: "c" }).observe();
    assert.equal(filesystemLayout(unseen), undefined);
  });

  it("comes with what images and layers take, each as the runtime tells it", async () => {
    const { images, layers, containerFs } = await disksOf({ root: "a", images: "b", layers: "c" }).observe();
    assert.deepEqual([images?.usedBytes, layers?.usedBytes, containerFs?.directory], [3, 2, "/layers"]);
    const alone = await disksOf({ root: "a", images: "b" }).observe();
    assert.deepEqual([alone.layers, alone.containerFs?.directory], [undefined, "/images"]);
  });
});
