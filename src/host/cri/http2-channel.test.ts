import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { GrpcFailure } from "./channel.ts";
import { MAX_MESSAGE_BYTES } from "./grpc-frame.ts";
import { createGrpcChannel } from "./http2-channel.ts";

// The server side is the gRPC library's own: it says whether ours speaks the protocol.
const identity = (value: Buffer) => value;
const method = (name: string, responseStream: boolean) => ({
  path: `/test.Service/${name}`,
  requestStream: false,
  responseStream,
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
});

type Unary = (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => void;

const cancelled: string[] = [];
const echo: Unary = (call, done) => done(null, call.request);
const fail: Unary = (_call, done) => done({ code: 5, details: 'no "Zürich" here: 100 %' });
const large: Unary = (call, done) => done(null, Buffer.alloc(Number(call.request.toString()), 7));
const headers: Unary = (call, done) => done(null, Buffer.from(String(call.metadata.get("x-test")[0])));
const hang: Unary = (call) => {
  call.on("cancelled", () => cancelled.push(call.request.toString()));
};
const count = (call: ServerWritableStream<Buffer, Buffer>) => {
  const wanted = Number(call.request.toString());
  for (let index = 0; index < Math.abs(wanted); index++) call.write(Buffer.from(String(index)));
  if (wanted < 0) call.emit("error", { code: 12, details: "enough", metadata: new Metadata() });
  else if (wanted < 1000) call.end();
  else call.on("cancelled", () => cancelled.push("count"));
};

async function serve(path: string): Promise<Server> {
  const server = new Server({ "grpc.max_send_message_length": -1, "grpc.max_receive_message_length": -1 });
  server.addService(
    {
      echo: method("Echo", false),
      fail: method("Fail", false),
      large: method("Large", false),
      headers: method("Headers", false),
      hang: method("Hang", false),
      count: method("Count", true),
    },
    { echo, fail, large, headers, hang, count },
  );
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    );
  });
  return server;
}

const failsWith = (code: number) => (error: unknown) => error instanceof GrpcFailure && error.grpcCode === code;

describe("gRPC channel", () => {
  const directory = mkdtempSync(join(tmpdir(), "tskubelet-grpc-"));
  const path = join(directory, "test.sock");
  const channel = createGrpcChannel(`unix://${path}`);
  let server: Server;
  before(async () => {
    server = await serve(path);
  });
  after(() => {
    channel.close();
    server.forceShutdown();
    rmSync(directory, { recursive: true });
  });
  const call = (name: string, request: string, options: Parameters<typeof channel.unary>[2] = { timeoutMs: 10_000 }) =>
    channel
      .unary(`/test.Service/${name}`, Buffer.from(request), options)
      .then((bytes) => Buffer.from(bytes).toString());

  it("gives back what the server answers, many calls at a time", async () => {
    const texts = Array.from({ length: 200 }, (_, index) => `text ${index}`);
    assert.deepEqual(await Promise.all(texts.map((text) => call("Echo", text))), texts);
    assert.equal(await call("Echo", ""), "");
  });

  it("carries large messages both ways and refuses one above the limit", async () => {
    const text = "x".repeat(3_000_000);
    assert.equal(await call("Echo", text), text);
    assert.equal((await call("Large", String(MAX_MESSAGE_BYTES))).length, MAX_MESSAGE_BYTES);
    await assert.rejects(call("Large", String(MAX_MESSAGE_BYTES + 1)), failsWith(8));
  });

  it("fails with the server's code and its own words", async () => {
    await assert.rejects(call("Fail", ""), (error) => {
      return failsWith(5)(error) && (error as Error).message === 'no "Zürich" here: 100 %';
    });
    await assert.rejects(call("NoSuchMethod", ""), failsWith(12));
  });

  it("sends headers", async () => {
    assert.equal(await call("Headers", "", { metadata: { "x-test": "value" } }), "value");
  });

  it("ends a call at its deadline, and tells the server", async () => {
    await assert.rejects(call("Hang", "late", { timeoutMs: 50 }), failsWith(4));
    while (!cancelled.includes("late")) await call("Echo", "");
  });

  it("ends a call that is cancelled, and tells the server; one cancelled before is not sent", async () => {
    const controller = new AbortController();
    const hanging = call("Hang", "cancelled", { signal: controller.signal });
    await call("Echo", "");
    controller.abort();
    await assert.rejects(hanging, failsWith(1));
    while (!cancelled.includes("cancelled")) await call("Echo", "");
    await assert.rejects(call("Echo", "", { signal: controller.signal }), failsWith(1));
  });

  it("hands the messages of a stream on in order and ends with it", async () => {
    const seen: string[] = [];
    const onMessage = (bytes: Uint8Array) => seen.push(Buffer.from(bytes).toString());
    await channel.serverStream("/test.Service/Count", Buffer.from("5"), onMessage, {});
    assert.deepEqual(seen, ["0", "1", "2", "3", "4"]);
    await assert.rejects(channel.serverStream("/test.Service/Count", Buffer.from("-2"), onMessage, {}), failsWith(12));
    assert.equal(seen.length, 7);
  });

  it("ends a stream without failure when its signal is aborted", async () => {
    const controller = new AbortController();
    let seen = 0;
    const onMessage = () => {
      seen++;
      if (seen === 1000) controller.abort();
    };
    await channel.serverStream("/test.Service/Count", Buffer.from("1000"), onMessage, { signal: controller.signal });
    assert.equal(seen, 1000);
    while (!cancelled.includes("count")) await call("Echo", "");
  });

  it("fails at once while the server is away, also for what was under way, and works when it is back", async () => {
    const hanging = call("Hang", "lost");
    const streaming = channel.serverStream("/test.Service/Count", Buffer.from("1000"), () => {}, {});
    await call("Echo", "");
    server.forceShutdown();
    await assert.rejects(hanging, failsWith(14));
    await assert.rejects(streaming, failsWith(14));
    await assert.rejects(call("Echo", "away"), failsWith(14));
    rmSync(path, { force: true });
    server = await serve(path);
    assert.equal(await call("Echo", "back"), "back");
  });

  it("fails for a socket that does not exist, and when it is closed", async () => {
    const nowhere = createGrpcChannel(join(directory, "nowhere.sock"));
    await assert.rejects(nowhere.unary("/test.Service/Echo", Buffer.from(""), {}), failsWith(14));
    nowhere.close();
    await assert.rejects(nowhere.unary("/test.Service/Echo", Buffer.from(""), {}), failsWith(14));
  });
});
