/** CRI runtime.v1 messages about images, with the field numbers of api.proto. */
import type { CriImage, ImageSpec, PodSandboxConfig } from "../../core/cri/types.ts";
import type { CriFilesystemUsage, ImageFsInfo, RegistryAuth } from "../../ports/runtime.ts";
import {
  bool,
  flattened,
  int64Value,
  message,
  nanos,
  nested,
  optional,
  repeated,
  string,
  stringMap,
  uint64,
  uint64Value,
} from "./message.ts";
import { podSandboxConfig } from "./sandbox-schema.ts";

export const imageSpec = message<ImageSpec>({
  image: string(1),
  annotations: optional(stringMap(2)),
  userSpecifiedImage: optional(string(18)),
  runtimeHandler: optional(string(19)),
});

const image = message<CriImage>({
  id: string(1),
  repoTags: repeated(string(2)),
  repoDigests: repeated(string(3)),
  sizeBytes: uint64(4),
  uid: int64Value(5),
  username: string(6),
  pinned: bool(8),
});

export const filesystemUsage = message<CriFilesystemUsage>({
  timestampMs: nanos(1),
  mountpoint: flattened(2, string(1)),
  usedBytes: uint64Value(3),
  inodesUsed: uint64Value(4),
});

const authConfig = message<RegistryAuth>({
  username: optional(string(1)),
  password: optional(string(2)),
  auth: optional(string(3)),
  serverAddress: optional(string(4)),
  identityToken: optional(string(5)),
  registryToken: optional(string(6)),
});

/** ListImagesRequest without its filter, which not every runtime minds. */
export const listImagesRequest = message<Record<never, never>>({});

export const listImagesResponse = message<{ images: readonly CriImage[] }>({ images: repeated(nested(1, image)) });

/** Request of ImageStatus and RemoveImage. */
export const imageRequest = message<{ image: ImageSpec }>({ image: nested(1, imageSpec) });

export const imageStatusResponse = message<{ image?: CriImage }>({ image: optional(nested(1, image)) });

export const pullImageRequest = message<{ image: ImageSpec; auth?: RegistryAuth; sandboxConfig?: PodSandboxConfig }>({
  image: nested(1, imageSpec),
  auth: optional(nested(2, authConfig)),
  sandboxConfig: optional(nested(3, podSandboxConfig)),
});

export const pullImageResponse = message<{ imageRef: string }>({ imageRef: string(1) });

export const imageFsInfoResponse = message<ImageFsInfo>({
  imageFilesystems: repeated(nested(1, filesystemUsage)),
  containerFilesystems: repeated(nested(2, filesystemUsage)),
});
