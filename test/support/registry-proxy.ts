import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** What becomes of the blobs of a repository on their way. */
export interface BlobFate {
  readonly bytesPerSecond?: number;
  /** The last byte comes changed. */
  readonly corrupt?: boolean;
}

/** Stands before a registry and does to its blobs what a bad network does. */
export interface RegistryProxy {
  /** `127.0.0.1:PORT`, the first part of image names. */
  readonly host: string;
  /** Repository -> what becomes of its blobs from now on. */
  readonly fates: Map<string, BlobFate>;
  close(): Promise<void>;
}

export async function startRegistryProxy(registryPort: number): Promise<RegistryProxy> {
  const fates = new Map<string, BlobFate>();
  const server = createServer((incoming, response) => {
    forward(incoming, response, registryPort, fates).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    fates,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function forward(
  incoming: IncomingMessage,
  response: ServerResponse,
  port: number,
  fates: ReadonlyMap<string, BlobFate>,
): Promise<void> {
  const { method, url = "/", headers } = incoming;
  const outgoing = request({ host: "127.0.0.1", port, method, path: url, headers, agent: false });
  const answered = once(outgoing, "response");
  incoming.pipe(outgoing);
  const [answer] = (await answered) as [IncomingMessage];
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  const [, repository] = /^\/v2\/(.+)\/blobs\//.exec(url) ?? [];
  const fate = repository === undefined ? undefined : fates.get(repository);
  const sizeBytes = Number(answer.headers["content-length"] ?? 0);
  if (fate === undefined || answer.statusCode !== 200) await pipeline(answer, response);
  else await pipeline(answer, mistreat(fate, sizeBytes), response);
}

function mistreat({ bytesPerSecond, corrupt = false }: BlobFate, sizeBytes: number): Transform {
  const startedAt = performance.now();
  let passedBytes = 0;
  return new Transform({
    async transform(chunk: Buffer, _encoding, done) {
      passedBytes += chunk.length;
      if (bytesPerSecond !== undefined) {
        const dueMs = (passedBytes / bytesPerSecond) * 1000 - (performance.now() - startedAt);
        if (dueMs > 1) await sleep(dueMs);
      }
      const last = chunk.length - 1;
      if (corrupt && passedBytes === sizeBytes) chunk.writeUInt8(chunk.readUInt8(last) ^ 1, last);
      done(null, chunk);
    },
  });
}
