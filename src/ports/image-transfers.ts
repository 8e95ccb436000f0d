/**
 * What the runtime's store has of images that are being pulled. Calls reject with RuntimeError, code `Unimplemented`: this
 * runtime does not tell, and need not be asked again.
 */
import type { BlobTransfer, ImageManifest } from "../core/images/pull-progress.ts";
import type { CallOptions } from "./runtime.ts";

export interface ImageTransfers {
  /** Blobs that are being fetched now, of whichever image. */
  transfers(options?: CallOptions): Promise<readonly BlobTransfer[]>;
  /** Manifests of a repository (`docker.io/library/busybox`) that the store has; of very many the newest. */
  manifests(repository: string, options?: CallOptions): Promise<readonly ImageManifest[]>;
  /** Which of the blobs are there whole. */
  present(digests: readonly string[], options?: CallOptions): Promise<ReadonlySet<string>>;
}
