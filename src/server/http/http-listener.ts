/** One listening address with its routes: accepts, matches, answers errors, and ends everything when stopped. */
import { chmodSync, lstatSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { RequestError } from "../errors.ts";
import { answerJson, answerText, statusOf, toRequestError } from "./answer.ts";
import { matchRoute, type Route } from "./route-table.ts";

export type ListenAddress = { readonly host: string; readonly port: number } | { readonly socketPath: string };

export interface HttpListenerOptions {
  /** For the log: "read-only port", "local API". */
  readonly name: string;
  readonly address: ListenAddress;
  readonly routes: readonly Route[];
  /** Form of error answers. */
  readonly errors: "status" | "text";
}

const RETRY_MS = 5_000;
const SOCKET_MODE = 0o600;
const SOCKET_UMASK = 0o177;

export class HttpListener {
  readonly #ports: { readonly clock: Clock; readonly log: Log };
  readonly #options: HttpListenerOptions;
  readonly #stopping = new AbortController();
  /** Connections that were upgraded are no longer the HTTP server's. */
  readonly #upgraded = new Set<Duplex>();
  readonly #server: Server;

  constructor(ports: { readonly clock: Clock; readonly log: Log }, options: HttpListenerOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#server = createServer({ keepAlive: true }, (message, response) => void this.#answer(message, response));
    // With this listener node:http leaves every upgrade to us, without it it answers them as plain requests.
    if (options.routes.some(({ upgrade }) => upgrade !== undefined)) {
      this.#server.on("upgrade", (message, socket, head) => void this.#upgrade(message, socket, head));
    }
  }

  /** An address that is taken does not keep the agent from its pods: it is tried again until it is free. */
  async start(): Promise<void> {
    const { name, address } = this.#options;
    try {
      await this.#listen();
      this.#ports.log.debug("listening", { server: name, address });
    } catch (error) {
      this.#ports.log.error("cannot listen, trying again", { server: name, address, error });
      void this.#keepTrying();
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const socket of this.#upgraded) socket.destroy();
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  /** Port that was given by the system where 0 was asked for; `undefined`: not listening on a port. */
  get port(): number | undefined {
    const address = this.#server.address();
    return address === null || typeof address === "string" ? undefined : address.port;
  }

  async #keepTrying(): Promise<void> {
    const { name, address } = this.#options;
    while (await this.#ports.clock.sleep(RETRY_MS, this.#stopping.signal)) {
      try {
        await this.#listen();
        this.#ports.log.info("listening now", { server: name, address });
        return;
      } catch {
        // Still taken.
      }
    }
  }

  #listen(): Promise<void> {
    const { address } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once("error", reject);
    this.#server.once("listening", () => {
      this.#server.removeListener("error", reject);
      resolve();
    });
    if ("socketPath" in address) this.#listenOnSocket(address.socketPath);
    else this.#server.listen({ host: address.host, port: address.port });
    return promise;
  }

  /** The caller holds the lock of the agent's root, so that a socket that lies there is a dead agent's. */
  #listenOnSocket(path: string): void {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) rmSync(path, { force: true });
    // The socket is bound within this very call: nobody can open it between bind and chmod.
    const umask = process.umask(SOCKET_UMASK);
    try {
      this.#server.listen({ path });
    } finally {
      process.umask(umask);
    }
    this.#server.once("listening", () => chmodSync(path, SOCKET_MODE));
  }

  async #answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    try {
      const { route, request } = this.#matched(message, gone.signal);
      await route.handle(request, response);
    } catch (error) {
      this.#answerError(response, toRequestError(error));
    }
  }

  #answerError(response: ServerResponse, error: RequestError): void {
    if (error.code === "InternalError") this.#ports.log.warn("request failed", { error: error.cause ?? error });
    // Half of an answer is out: only breaking the connection tells that it is not whole.
    if (response.headersSent) response.destroy();
    else if (this.#options.errors === "status") answerJson(response, statusOf(error), error.httpStatus);
    else answerText(response, `${error.httpStatus}: ${STATUS_CODES[error.httpStatus]}\n`, error.httpStatus);
  }

  async #upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const gone = new AbortController();
    this.#upgraded.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      this.#upgraded.delete(socket);
      gone.abort();
    });
    try {
      const { route, request } = this.#matched(message, gone.signal);
      if (route.upgrade === undefined) throw new RequestError("BadRequest", "this resource takes no upgrade");
      await route.upgrade(request, { socket, head });
    } catch (error) {
      const { httpStatus, ...rest } = errorParts(toRequestError(error));
      socket.end(`HTTP/1.1 ${httpStatus} ${STATUS_CODES[httpStatus]}\r\n${rest.head}\r\n\r\n${rest.body}`);
    }
  }

  #matched(message: IncomingMessage, gone: AbortSignal) {
    const url = new URL(message.url ?? "/", "http://localhost");
    const { route, params } = matchRoute(this.#options.routes, message.method ?? "GET", url.pathname);
    const signal = AbortSignal.any([gone, this.#stopping.signal]);
    return { route, request: { message, params, query: url.searchParams, signal } };
  }
}

function errorParts(error: RequestError): {
  readonly httpStatus: number;
  readonly head: string;
  readonly body: string;
} {
  const body = `${JSON.stringify(statusOf(error))}\n`;
  const head = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`;
  return { httpStatus: error.httpStatus, head, body };
}
