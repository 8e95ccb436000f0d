/** How far the simulated pulls are: each image is one blob that comes evenly. */
import { imageRepository } from "../../core/images/image-name.ts";
import type { ImageTransfers } from "../../ports/image-transfers.ts";
import type { Line } from "../line.ts";
import type { VirtualTime } from "../time/virtual-time.ts";
import type { Fetch, SimImages } from "./sim-images.ts";

export function simImageTransfers(images: SimImages, time: VirtualTime, line: Line): ImageTransfers {
  const writtenBytes = ({ image, startMs, endMs }: Fetch) => {
    const part = (time.wallMs - startMs) / Math.max(1, endMs - startMs);
    return Math.floor(image.sizeBytes * Math.min(1, Math.max(0, part)));
  };
  return {
    transfers: (options) =>
      line.call(
        "images",
        "ListStatuses",
        () => [...images.fetches].map((fetch) => ({ digest: fetch.image.id, writtenBytes: writtenBytes(fetch) })),
        options,
      ),
    manifests: (repository, options) =>
      line.call(
        "images",
        "List",
        () =>
          [...images.fetches]
            .filter(({ tag }) => imageRepository(tag) === repository)
            .map(({ image: { id, sizeBytes }, startMs }) => ({
              digest: `manifest of ${id}`,
              createdAtMs: startMs,
              blobs: [{ digest: id, sizeBytes }],
            })),
        options,
      ),
    present: (digests, options) =>
      line.call("images", "List", () => new Set(digests.filter((id) => images.find(id) !== undefined)), options),
  };
}
