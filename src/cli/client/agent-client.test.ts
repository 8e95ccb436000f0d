import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { AgentClient, withQuery } from "./agent-client.ts";
import { AgentAway, ApiError } from "./client-error.ts";
import { jsonLines } from "./json-lines.ts";
import { watchObjects } from "./watch-objects.ts";

describe("client of the agent", () => {
  const rootDir = mkdtempSync(join(tmpdir(), "tskubelet-client-"));
  const client = new AgentClient(rootDir);
  let server: Server;
  let connections = 0;
  before(async () => {
    server = createServer((message, response) => {
      if (message.url === "/ok") response.end('{"a":1}');
      else if (message.url === "/broken") response.write('{"n":1}\n{"n":', () => response.destroy());
      else if (message.url === "/plain") response.writeHead(500).end("text\n");
      else if (message.url?.startsWith("/watch") === true) {
        connections += 1;
        const events = ["a", "b"]
          .slice(0, connections)
          .map((uid) => ({ type: "ADDED", object: { metadata: { uid } } }));
        response.write(`${events.map((event) => JSON.stringify(event)).join("\n")}\n`, () => response.destroy());
      } else response.writeHead(404).end('{"kind":"Status","message":"not there"}');
    });
    await new Promise<void>((resolve) => server.listen(client.socketPath, resolve));
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(rootDir, { recursive: true });
  });

  it("reads answers, and errors in the server's words", async () => {
    assert.deepEqual(await client.get("/ok"), { a: 1 });
    const is = (httpStatus: number, message: string) => (error: unknown) =>
      error instanceof ApiError && error.httpStatus === httpStatus && error.message === message;
    await assert.rejects(client.get("/nope"), is(404, "not there"));
    await assert.rejects(client.get("/plain"), is(500, "text"));
  });

  it("tells an answer that broke off from one that ended", async () => {
    await assert.rejects(client.get("/broken"), AgentAway);
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const value of jsonLines(await client.stream("/broken"))) seen.push(value);
    })();
    await assert.rejects(reading, AgentAway);
    assert.deepEqual(seen, [{ n: 1 }]);
  });

  it("goes on watching when the connection broke off, and tells nothing twice", async () => {
    const terminal = { out: () => {}, err: () => {}, cwd: "/", now: () => 0 };
    const seen: unknown[] = [];
    for await (const { metadata } of watchObjects(client, "/watch", {}, terminal)) {
      seen.push(metadata?.uid);
      if (seen.length === 2) break;
    }
    assert.deepEqual([seen, connections], [["a", "b"], 2]);
  });

  it("names the socket where no agent answers", async () => {
    const nobody = new AgentClient(join(rootDir, "none"));
    await assert.rejects(
      nobody.get("/ok"),
      (error) => error instanceof AgentAway && error.message.includes(nobody.socketPath),
    );
  });

  it("finds a place for the socket where the root's path is too long for one", () => {
    const deep = new AgentClient(`/${"x".repeat(120)}`);
    assert.match(deep.socketPath, /^\/run\/tskubelet\/agent-[0-9a-f]{12}\.sock$/);
  });

  it("writes queries with lists, and without what is not asked for", () => {
    assert.equal(withQuery("/p", {}), "/p");
    assert.equal(
      withQuery("/p", { a: 1, b: undefined, c: false, d: true, e: ["x", "y z"] }),
      "/p?a=1&d=true&e=x&e=y+z",
    );
  });
});
