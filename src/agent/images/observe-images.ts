import type { GcImage } from "../../core/images/image-gc.ts";
import type { CallOptions, ImageService, RuntimeService } from "../../ports/runtime.ts";

export interface ObservedImages {
  readonly images: readonly GcImage[];
  readonly inUse: ReadonlySet<string>;
}

/**
 * The runtime's images, and the ids of those that a container (running or dead, whoever made it) or a name in `keep`
 * refers to. Rejects with RuntimeError: what is in use must not be guessed.
 */
export async function observeImages(
  { runtime, images }: { readonly runtime: Pick<RuntimeService, "listContainers">; readonly images: ImageService },
  keep: readonly string[],
  options: CallOptions,
): Promise<ObservedImages> {
  const [rows, containers, kept] = await Promise.all([
    images.listImages(undefined, options),
    runtime.listContainers(undefined, options),
    Promise.all(keep.map((image) => images.imageStatus({ image }, options))),
  ]);
  const references = new Set([
    ...containers.flatMap(({ image, imageRef }) => [image.image, imageRef]),
    ...kept.flatMap((image) => (image === undefined ? [] : [image.id])),
  ]);
  const isUsed = (names: readonly string[]) => names.some((name) => references.has(name));
  return {
    images: rows.map(({ id, sizeBytes, pinned }) => ({ id, sizeBytes, pinned })),
    inUse: new Set(
      rows
        .filter(({ id, repoTags, repoDigests }) => isUsed([id, ...repoTags, ...repoDigests]))
        .map((image) => image.id),
    ),
  };
}
