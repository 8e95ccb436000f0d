import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { SnapshotReader } from "../../../test/contract/manifest-source-contract.ts";
import { createHttpSource } from "./create-http-source.ts";

describe("createHttpSource", () => {
  let servers: Server[];
  let reader: SnapshotReader;
  beforeEach(() => {
    servers = [];
  });
  afterEach(async () => {
    await reader.stop();
    for (const server of servers) server.close().closeAllConnections();
  });

  async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
    const server = createServer(answer);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    return typeof address === "object" ? `http://127.0.0.1:${address?.port}` : "";
  }
  function read(url: string, more: { headers?: Record<string, string[]>; timeoutMs?: number } = {}): SnapshotReader {
    const source = createHttpSource({ url, periodMs: 10, ...more });
    reader = new SnapshotReader({ source, pass: async (ms) => void (await wait(ms)) });
    return reader;
  }

  it("takes an empty answer for no manifests at all", async () => {
    const from = read(await serve((_, response) => response.end()));
    await from.until("a snapshot", () => from.last !== undefined);
    assert.deepEqual(from.last, { files: [] });
  });

  it("tells status, refused connection and silence as unreadable, each once", async () => {
    const url = await serve((_, response) => response.writeHead(503).end("x"));
    const from = read(url);
    await from.until("the status", () => from.last !== undefined);
    assert.deepEqual(from.last, { unreadable: `${url}: 503 Service Unavailable` });
    for (const server of servers) server.close().closeAllConnections();
    await from.until("the refusal", () => /ECONNREFUSED/.test(JSON.stringify(from.last)));
    await from.stop();
    const silent = read(await serve(() => {}), { timeoutMs: 30 });
    await silent.until("silence", () => /no answer in 30 ms/.test(JSON.stringify(silent.last)));
    await wait(60);
    assert.equal(silent.seen.length, 1);
  });

  it("refuses more than 10 MiB", async () => {
    const from = read(await serve((_, response) => response.end(Buffer.alloc(11 * 1024 * 1024, "x"))));
    await from.until("the problem", () => from.last !== undefined);
    assert.match(JSON.stringify(from.last), /more than 10485760 bytes/);
  });

  it("sends its headers, and follows a redirect without showing secrets to another server", async () => {
    const seen: (string | undefined)[] = [];
    const target = await serve((request, response) => {
      seen.push(request.headers.authorization, request.headers["x-other"]?.toString());
      response.end("a: 1\n");
    });
    const from = read(
      await serve((request, response) => {
        seen.push(request.headers.authorization);
        response.writeHead(302, { location: target }).end();
      }),
      { headers: { Authorization: ["Bearer secret"], "X-Other": ["a"] } },
    );
    await from.until("the text", () => from.last !== undefined);
    assert.deepEqual(seen.slice(0, 3), ["Bearer secret", undefined, "a"]);
    assert.match(JSON.stringify(from.last), /a: 1/);
  });

  it("gives up on redirects in a circle", async () => {
    const from = read(await serve((_, response) => response.writeHead(302, { location: "/" }).end()));
    await from.until("the problem", () => /10 redirects/.test(JSON.stringify(from.last)));
  });
});
