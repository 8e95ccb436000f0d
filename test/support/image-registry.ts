import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { OciBlob, OciImage } from "../../src/host/images/oci-image.ts";

export interface ImageRegistryOptions {
  /** Repository and tag to image: `{ "team/app:1": image }`. */
  readonly images: Readonly<Record<string, OciImage>>;
  /** Basic auth; without it anybody may pull. */
  readonly account?: { readonly username: string; readonly password: string };
  /** Layers come in so many parts with a pause between them, for tests of slow pulls. */
  readonly slow?: { readonly parts: number; readonly pauseMs: number };
}

/** An image registry on loopback that can be pulled from: the read half of the OCI distribution protocol, no more. */
export interface ImageRegistry {
  /** `127.0.0.1:PORT`, the first part of image names. */
  readonly host: string;
  /** Paths asked for so far, with the method. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

export async function startImageRegistry(options: ImageRegistryOptions): Promise<ImageRegistry> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request, response, options).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, options: ImageRegistryOptions) {
  if (!isAllowed(request, options.account)) {
    response.writeHead(401, { "www-authenticate": 'Basic realm="test"' });
    response.end();
    return;
  }
  const path = new URL(request.url ?? "/", "http://localhost").pathname;
  const blob = findBlob(path, options.images);
  if (path !== "/v2/" && blob === undefined) {
    response.writeHead(404, { "content-type": "application/json" });
    response.end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}');
    return;
  }
  const { descriptor, content } = blob ?? { descriptor: undefined, content: new Uint8Array(0) };
  response.writeHead(200, {
    "content-length": content.length,
    ...(descriptor !== undefined && {
      "content-type": descriptor.mediaType,
      "docker-content-digest": descriptor.digest,
    }),
  });
  if (request.method !== "HEAD") await send(response, content, path.includes("/blobs/") ? options.slow : undefined);
  response.end();
}

function isAllowed(request: IncomingMessage, account: ImageRegistryOptions["account"]): boolean {
  if (account === undefined) return true;
  const expected = Buffer.from(`${account.username}:${account.password}`).toString("base64");
  return request.headers.authorization === `Basic ${expected}`;
}

function findBlob(path: string, images: ImageRegistryOptions["images"]): OciBlob | undefined {
  const match = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(path);
  const [, repository, kind, reference] = match ?? [];
  const entries = Object.entries(images).filter(([name]) => name.slice(0, name.lastIndexOf(":")) === repository);
  for (const [name, image] of entries) {
    const byTag = kind === "manifests" && name === `${repository}:${reference}`;
    const digest = byTag ? image.manifestDigest : reference;
    const blob = image.blobs.find(({ descriptor }) => descriptor.digest === digest);
    if (blob !== undefined) return blob;
  }
  return undefined;
}

async function send(response: ServerResponse, content: Uint8Array, slow: ImageRegistryOptions["slow"]): Promise<void> {
  const size = slow === undefined ? content.length : Math.ceil(content.length / slow.parts);
  for (let at = 0; at < content.length; at += size) {
    response.write(content.subarray(at, at + size));
    if (slow !== undefined) await delay(slow.pauseMs);
    if (response.destroyed) return;
  }
}
