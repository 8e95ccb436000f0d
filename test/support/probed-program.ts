/**
 * Runs in a container on the machine's own Node.js: an HTTP server (8080), an HTTPS server (8443) and a gRPC health
 * server (9090, HTTP/2 without TLS). `/state/sick` makes all of them unwell, each request is a line of the log.
 */
import { existsSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { SELF_SIGNED } from "./self-signed.ts";

function isSick(): boolean {
  return existsSync("/state/sick");
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { url = "", headers } = request;
  console.log(`${request.method} ${url} host=${headers.host} agent=${headers["user-agent"]} x=${headers["x-probe"]}`);
  if (url.startsWith("/moved")) response.writeHead(302, { location: "/healthz" }).end();
  else if (url.startsWith("/away")) response.writeHead(302, { location: "http://elsewhere.invalid/" }).end("gone");
  else if (isSick()) response.writeHead(503).end();
  else if (url.startsWith("/hook")) response.writeHead(500).end();
  else response.writeHead(headers["x-probe"] === "well" ? 200 : 401).end("well");
}

/** One byte of flags, four of length, then the message: field 1 is a text in the request, a number in the answer. */
function answerHealth(stream: ServerHttp2Stream, path: string): void {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("end", () => {
    const service = Buffer.concat(chunks).subarray(7).toString("utf8");
    console.log(`grpc ${path} service=${service}`);
    const isKnown = service === "" || service === "web";
    stream.respond({ ":status": 200, "content-type": "application/grpc+proto" }, { waitForTrailers: true });
    stream.on("wantTrailers", () =>
      stream.sendTrailers(isKnown ? { "grpc-status": "0" } : { "grpc-status": "5", "grpc-message": "unknown service" }),
    );
    if (isKnown) stream.end(Buffer.from([0, 0, 0, 0, 2, 0x08, isSick() ? 2 : 1]));
    else stream.end();
  });
}

createServer(answer).listen(8080);
createHttpsServer(SELF_SIGNED, answer).listen(8443);
createHttp2Server()
  .on("stream", (stream, headers) => answerHealth(stream, String(headers[":path"])))
  .listen(9090, () => console.log("serving"));
process.on("SIGTERM", () => process.exit(0));
