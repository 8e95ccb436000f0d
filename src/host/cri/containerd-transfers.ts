/**
 * How far pulls are, from containerd's content store: it fetches each blob into an ingest of its own, and labels what it
 * has fetched with the repository that it came from.
 */
import type { BlobTransfer, ImageBlob, ImageManifest } from "../../core/images/pull-progress.ts";
import type { ImageTransfers } from "../../ports/image-transfers.ts";
import type { CallOptions } from "../../ports/runtime.ts";
import { toRuntimeError } from "./call.ts";
import type { GrpcChannel } from "./channel.ts";
import {
  type ContentInfo,
  filtersRequest,
  listContentResponse,
  listStatusesResponse,
  readContentRequest,
  readContentResponse,
} from "./content-schema.ts";
import { decode, encode, type MessageType } from "./message.ts";

const SERVICE = "containerd.services.content.v1.Content";
/** Where containerd's CRI plugin keeps its images. */
const METADATA = { "containerd-namespace": "k8s.io" };
const TIMEOUT_MS = 10_000;
/** Label of content, ending in the registry's host without its port -> the repositories there that it came from. */
const SOURCE_LABEL = "containerd.io/distribution.source.";
/** Label that manifests have and nothing else. */
const CONFIG_LABEL = "containerd.io/gc.ref.content.config";
/** As containerd itself bounds a manifest. */
const MAX_MANIFEST_BYTES = 8 * 1024 * 1024;
/** Of one repository at a time: the newest are those that are pulled. */
const MAX_MANIFESTS = 100;
const DIGEST = /sha(?:256|512):[0-9a-f]+$/;

export function createContainerdTransfers(channel: GrpcChannel): ImageTransfers {
  async function stream<Request, Response>(
    method: string,
    requestType: MessageType<Request>,
    request: Request,
    responseType: MessageType<Response>,
    options: CallOptions | undefined,
  ): Promise<readonly Response[]> {
    const responses: Uint8Array[] = [];
    try {
      await channel.serverStream(
        `/${SERVICE}/${method}`,
        encode(requestType, request),
        (next) => responses.push(next),
        {
          timeoutMs: TIMEOUT_MS,
          ...options,
          metadata: METADATA,
        },
      );
      return responses.map((bytes) => decode(responseType, bytes));
    } catch (error) {
      throw toRuntimeError(error, method);
    }
  }

  const list = async (filters: readonly string[], options: CallOptions | undefined) => {
    const responses = await stream("List", filtersRequest, { filters }, listContentResponse, options);
    return responses.flatMap(({ info }) => info);
  };
  /** What is in a manifest never changes. */
  const known = new Map<string, readonly ImageBlob[]>();
  const manifest = async (content: ContentInfo, options: CallOptions | undefined): Promise<ImageManifest> => {
    const { digest, sizeBytes } = content;
    let blobs = known.get(digest);
    if (blobs === undefined) {
      const request = { digest, offset: 0, size: sizeBytes };
      const parts = await stream("Read", readContentRequest, request, readContentResponse, options);
      blobs = manifestBlobs(Buffer.concat(parts.map(({ data }) => data)).toString("utf8"));
      if (known.size >= MAX_MANIFESTS) known.clear();
      known.set(digest, blobs);
    }
    return { digest, createdAtMs: createdAtMs(content), blobs };
  };

  return {
    async transfers(options) {
      try {
        const path = `/${SERVICE}/ListStatuses`;
        const request = encode(filtersRequest, { filters: [] });
        const response = await channel.unary(path, request, { timeoutMs: TIMEOUT_MS, ...options, metadata: METADATA });
        return decode(listStatusesResponse, response).statuses.flatMap(transferOf);
      } catch (error) {
        throw toRuntimeError(error, "ListStatuses");
      }
    },
    async manifests(repository, options) {
      const slash = repository.indexOf("/");
      const label = SOURCE_LABEL + repository.slice(0, slash).replace(/:\d+$/, "");
      const path = repository.slice(slash + 1);
      const contents = await list([`labels.${JSON.stringify(label)}`], options);
      const wanted = contents.filter((content) => {
        const isManifest = content.labels[CONFIG_LABEL] !== undefined && content.sizeBytes <= MAX_MANIFEST_BYTES;
        return isManifest && content.labels[label]?.split(",").includes(path) === true;
      });
      const newest = wanted.toSorted((a, b) => createdAtMs(b) - createdAtMs(a)).slice(0, MAX_MANIFESTS);
      return Promise.all(newest.map((content) => manifest(content, options)));
    },
    async present(digests, options) {
      if (digests.length === 0) return new Set();
      const found = await list(
        digests.map((digest) => `digest==${digest}`),
        options,
      );
      return new Set(found.map(({ digest }) => digest));
    },
  };
}

function transferOf({ ref, offset }: { readonly ref: string; readonly offset: number }): readonly BlobTransfer[] {
  const digest = DIGEST.exec(ref)?.[0];
  return digest === undefined ? [] : [{ digest, writtenBytes: offset }];
}

function createdAtMs({ createdAt }: ContentInfo): number {
  return createdAt.seconds * 1000 + createdAt.nanos / 1e6;
}

/** Configuration and layers of an OCI or docker manifest; layers that occur twice are fetched once. */
function manifestBlobs(text: string): readonly ImageBlob[] {
  interface Descriptor {
    readonly digest?: string;
    readonly size?: number;
  }
  const { config, layers = [] } = JSON.parse(text) as { config?: Descriptor; layers?: readonly Descriptor[] };
  const sizes = new Map<string, number>();
  for (const { digest, size } of config === undefined ? layers : [config, ...layers]) {
    if (digest !== undefined && size !== undefined) sizes.set(digest, size);
  }
  return [...sizes].map(([digest, sizeBytes]) => ({ digest, sizeBytes }));
}
