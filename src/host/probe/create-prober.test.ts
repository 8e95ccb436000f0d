import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { after, before, describe, it } from "node:test";
import { Server as GrpcServer, ServerCredentials } from "@grpc/grpc-js";
import { SELF_SIGNED } from "../../../test/support/self-signed.ts";
import type { HttpProbe, NetworkProbe } from "../../core/probe/index.ts";
import { createProber } from "./create-prober.ts";

const prober = createProber();
const HOST = "127.0.0.1";

async function listen(server: Server | TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  return (server.address() as AddressInfo).port;
}

/** Nobody listens there. */
async function closedPort(): Promise<number> {
  const server = createTcpServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("HTTP probes", () => {
  const seen: IncomingMessage[] = [];
  const routes: Readonly<Record<string, RequestListener>> = {
    "/ok": (_request, response) => void response.end("fine"),
    "/large": (_request, response) => void response.end("x".repeat(50_000)),
    "/teapot": (_request, response) => void response.writeHead(418).end(),
    "/local": (_request, response) => void response.writeHead(302, { location: "/ok" }).end(),
    "/elsewhere": (_request, response) =>
      void response.writeHead(301, { location: "http://example.invalid/" }).end("moved"),
    "/nowhere": (_request, response) => void response.writeHead(302).end("where?"),
    "/loop": (_request, response) => void response.writeHead(307, { location: "/loop" }).end(),
    "/hang": () => {},
    "/slow-body": (_request, response) => void response.writeHead(200).write("first"),
    "/cut": (_request, response) => {
      response.writeHead(200, { "content-length": "10" });
      response.write("abc", () => response.destroy());
    },
    "/drop": (request) => void request.socket.destroy(),
  };
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    seen.push(request);
    const [path = ""] = (request.url ?? "").split("?");
    const route = routes[path];
    if (route === undefined) response.writeHead(404).end();
    else route(request, response);
  });
  let port = 0;
  before(async () => {
    port = await listen(server);
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const get = (target: string, more: Partial<HttpProbe> = {}) =>
    prober.probe({
      kind: "httpGet",
      scheme: "http",
      host: HOST,
      port,
      target,
      headers: [{ name: "User-Agent", value: "kube-probe/1.26" }],
      timeoutMs: 5_000,
      ...more,
    });

  it("take any status from 200 to 399 for success", async () => {
    assert.deepEqual(await get("/ok"), { result: "Success", output: "fine" });
    assert.deepEqual(await get("/teapot"), { result: "Failure", output: "HTTP probe failed with statuscode: 418" });
  });

  it("read 10 KiB of an answer", async () => {
    const outcome = await get("/large");
    assert.equal("output" in outcome && outcome.output.length, 10 * 1024);
  });

  it("send what the probe says, over a connection of its own", async () => {
    seen.length = 0;
    await get("/ok?a=b", {
      headers: [
        { name: "Host", value: "shop.example" },
        { name: "X-Twice", value: "1" },
        { name: "x-twice", value: "2" },
      ],
    });
    const [request] = seen;
    assert.equal(request?.url, "/ok?a=b");
    assert.equal(request?.headers.host, "shop.example");
    assert.equal(request?.headers["x-twice"], "1, 2");
    assert.equal(request?.headers.connection, "close");
    await get("/ok");
    assert.equal(seen[1]?.headers.host, `${HOST}:${port}`);
  });

  it("send the letters of a header in UTF-8", async () => {
    seen.length = 0;
    assert.equal(
      (await outcomeOf(get("/ok", { headers: [{ name: "X-Price", value: "5 \u20ac" }] }))).result,
      "Success",
    );
    assert.equal(Buffer.from(String(seen[0]?.headers["x-price"]), "latin1").toString("utf8"), "5 \u20ac");
  });

  it("follow a redirect on the same host; to another one it is a warning", async () => {
    assert.deepEqual(await get("/local"), { result: "Success", output: "fine" });
    assert.deepEqual(await get("/elsewhere"), {
      result: "Warning",
      output: "Probe terminated redirects, Response body: moved",
    });
    assert.equal((await outcomeOf(get("/nowhere"))).result, "Warning");
  });

  it("give up after ten redirects", async () => {
    seen.length = 0;
    const { result, output } = await outcomeOf(get("/loop"));
    assert.deepEqual([result, seen.length], ["Failure", 10]);
    assert.equal(output, `Get "http://${HOST}:${port}/loop": stopped after 10 redirects`);
  });

  it("fail in time when nothing is answered, refused or dropped", async () => {
    const hung = await outcomeOf(get("/hang", { timeoutMs: 50 }));
    assert.match(hung.output, /context deadline exceeded \(Client.Timeout exceeded while awaiting headers\)$/);
    const other = await closedPort();
    assert.deepEqual(await get("/ok", { port: other }), {
      result: "Failure",
      output: `Get "http://${HOST}:${other}/ok": dial tcp ${HOST}:${other}: connect: connection refused`,
    });
    assert.match((await outcomeOf(get("/drop"))).output, /: EOF$/);
  });

  it("a body that breaks off or does not end is an error, to be tried again", async () => {
    assert.deepEqual(await get("/cut"), { error: "unexpected EOF" });
    const slow = await get("/slow-body", { timeoutMs: 100 });
    assert.match("error" in slow ? slow.error : "", /while reading body/);
  });

  it("do not mind who certified the server and for whom, but whether it speaks TLS", async () => {
    const secure = createTlsServer(SELF_SIGNED, (_request, response) => void response.end("secret"));
    const securePort = await listen(secure);
    assert.deepEqual(await get("/", { scheme: "https", port: securePort }), { result: "Success", output: "secret" });
    secure.close();
    const { result, output } = await outcomeOf(get("/ok", { scheme: "https" }));
    assert.equal(result, "Failure");
    assert.match(output, /server gave HTTP response to HTTPS client$/);
  });

  it("end when nobody wants to know any more", async () => {
    const abort = new AbortController();
    const look: NetworkProbe = {
      kind: "httpGet",
      scheme: "http",
      host: HOST,
      port,
      target: "/hang",
      headers: [],
      timeoutMs: 60_000,
    };
    const outcome = prober.probe(look, abort.signal);
    abort.abort();
    assert.equal((await outcomeOf(outcome)).result, "Failure");
  });
});

describe("TCP probes", () => {
  it("succeed where somebody listens, and say why not", async () => {
    const server = createTcpServer((socket) => socket.on("error", () => {}));
    const port = await listen(server);
    const look = { kind: "tcpSocket", host: HOST, timeoutMs: 5_000 } as const;
    assert.deepEqual(await prober.probe({ ...look, port }), { result: "Success", output: "" });
    await new Promise((resolve) => server.close(resolve));
    assert.deepEqual(await prober.probe({ ...look, port }), {
      result: "Failure",
      output: `dial tcp ${HOST}:${port}: connect: connection refused`,
    });
  });
});

describe("gRPC probes", () => {
  // The server side is the gRPC library's own. HealthCheckRequest{service}, HealthCheckResponse{status}, by hand.
  const statuses: Readonly<Record<string, readonly number[]>> = { "": [8, 1], sick: [8, 2], hang: [] };
  const server = new GrpcServer();
  const agents: unknown[] = [];
  let port = 0;
  before(async () => {
    const identity = (value: Buffer) => value;
    const codec = {
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    };
    const path = "/grpc.health.v1.Health/Check";
    server.addService(
      { Check: { path, requestStream: false, responseStream: false, ...codec } },
      {
        Check: (
          call: { readonly request: Buffer; readonly metadata: { get(name: string): unknown[] } },
          done: (error: object | null, value?: Buffer) => void,
        ) => {
          agents.push(call.metadata.get("user-agent")[0]);
          const service = call.request.subarray(2).toString();
          const status = statuses[service];
          if (status === undefined) done({ code: 5, details: "unknown service" });
          else if (status.length > 0) done(null, Buffer.from(status));
        },
      },
    );
    port = await new Promise<number>((resolve, reject) =>
      server.bindAsync(`${HOST}:0`, ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    );
  });
  after(() => server.forceShutdown());

  const check = (service: string, more: { readonly port?: number; readonly timeoutMs?: number } = {}) =>
    prober.probe({ kind: "grpc", host: HOST, port, service, timeoutMs: 5_000, ...more });

  it("succeed only for a server that is serving", async () => {
    assert.deepEqual(await check(""), { result: "Success", output: "service healthy" });
    assert.match(String(agents[0]), /^kube-probe\/1\.26/);
    assert.deepEqual(await check("sick"), {
      result: "Failure",
      output: 'service unhealthy (responded with "NOT_SERVING")',
    });
    assert.deepEqual(await check("other"), {
      result: "Failure",
      output: "error: health rpc probe failed: rpc error: code = NotFound desc = unknown service",
    });
  });

  it("fail in time when there is no answer, or no server", async () => {
    assert.deepEqual(await check("hang", { timeoutMs: 100 }), {
      result: "Failure",
      output: "timeout: health rpc did not complete within 100ms",
    });
    const other = await closedPort();
    assert.deepEqual(await check("", { port: other }), {
      result: "Failure",
      output: `error: failed to connect service at "${HOST}:${other}": dial tcp ${HOST}:${other}: connect: connection refused`,
    });
  });
});

async function outcomeOf(pending: Promise<unknown>): Promise<{ readonly result: string; readonly output: string }> {
  return (await pending) as { readonly result: string; readonly output: string };
}
