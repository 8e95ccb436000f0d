/**
 * Hands an upgraded connection (SPDY or WebSocket, whatever the client speaks) on to the runtime's streaming server, byte
 * by byte, as the kubelet does. Source: kubelet server.go proxyStream.
 */
import { request as httpRequest, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { RequestError } from "../errors.ts";
import type { Upgrade } from "../http/route-table.ts";

/** Not the runtime's business, or other ones there. */
const OWN_HEADERS: ReadonlySet<string> = new Set(["host", "authorization", "content-length", "transfer-encoding"]);

/** Resolves when the connection stands. Rejects with RequestError while the client can still be told. */
export async function proxyStream(url: string, message: IncomingMessage, { socket, head }: Upgrade): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  if (!url.startsWith("http://")) {
    throw new RequestError("InternalError", `the runtime's streaming address ${url} is not plain HTTP on this machine`);
  }
  const kept = rawPairs(message).filter(([name]) => !OWN_HEADERS.has(name.toLowerCase()));
  // Without a length node:http would send a chunked body, whose end the runtime would take for the stream's beginning.
  const headers = [...kept.flat(), "Host", new URL(url).host, "Content-Length", "0"];
  const upstream = httpRequest(url, { method: message.method ?? "POST", headers, agent: false });
  upstream.on("upgrade", (answer, runtimeSocket, runtimeHead) => {
    const lines = rawPairs(answer).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`);
    join(socket, head, runtimeSocket, runtimeHead);
    resolve();
  });
  upstream.on("response", (answer) => {
    const parts: Buffer[] = [];
    answer.on("data", (part: Buffer) => parts.push(part));
    answer.on("end", () => reject(new RequestError("InternalError", Buffer.concat(parts).toString().trim())));
  });
  upstream.on("error", (cause) =>
    reject(new RequestError("InternalError", `the runtime's streaming server: ${cause.message}`, { cause })),
  );
  socket.once("close", () => upstream.destroy());
  upstream.end();
  await promise;
}

function join(client: Duplex, clientHead: Buffer, runtime: Duplex, runtimeHead: Buffer): void {
  if (runtimeHead.length > 0) client.write(runtimeHead);
  if (clientHead.length > 0) runtime.write(clientHead);
  client.pipe(runtime);
  runtime.pipe(client);
  client.once("close", () => runtime.destroy());
  runtime.once("close", () => client.end());
  runtime.on("error", () => client.destroy());
}

function rawPairs({ rawHeaders }: IncomingMessage): readonly (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    pairs.push([rawHeaders[index] ?? "", rawHeaders[index + 1] ?? ""]);
  }
  return pairs;
}
