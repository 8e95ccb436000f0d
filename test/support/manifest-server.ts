/** A web server on loopback that serves manifests for `staticPodURL`. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export interface ManifestServer {
  readonly url: string;
  /** Of the last request. */
  readonly lastHeaders: IncomingHttpHeaders;
  /** What every request from now on is answered with; at first an empty text. */
  serve(status: number, body: string): void;
  close(): Promise<void>;
}

export async function startManifestServer(): Promise<ManifestServer> {
  let answer = { status: 200, body: "" };
  let lastHeaders: IncomingHttpHeaders = {};
  const server = createServer((request, response) => {
    lastHeaders = request.headers;
    response.writeHead(answer.status).end(answer.body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/manifests`,
    get lastHeaders() {
      return lastHeaders;
    },
    serve(status, body) {
      answer = { status, body };
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
