/** Talks to the agent of a root directory over its unix socket. */
import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from "node:http";
import type { Socket } from "node:net";
import { resolve } from "node:path";
import { agentSocketPath } from "../agent-socket.ts";
import { defaultRootDir } from "../flags-configuration.ts";
import { AgentAway, ApiError, ClientError } from "./client-error.ts";

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface UpgradedConnection {
  readonly socket: Socket;
  readonly head: Buffer;
  readonly headers: IncomingMessage["headers"];
}

export class AgentClient {
  readonly socketPath: string;
  readonly #rootDir: string;

  constructor(rootDir: string | undefined) {
    this.#rootDir = resolve(rootDir ?? defaultRootDir);
    this.socketPath = agentSocketPath(this.#rootDir);
  }

  /** Rejects with AgentAway or ApiError. */
  async get<T>(path: string, query: Query = {}): Promise<T> {
    return JSON.parse(await textOf(await this.stream(path, query))) as T;
  }

  async post<T>(path: string, query: Query = {}): Promise<T> {
    const answer = await this.#answer({ method: "POST", path: withQuery(path, query) });
    return JSON.parse(await textOf(answer)) as T;
  }

  /** The answer as it comes in. An answer that breaks off ends in an error with code ECONNRESET. */
  stream(path: string, query: Query = {}, signal?: AbortSignal): Promise<IncomingMessage> {
    return this.#answer({ method: "GET", path: withQuery(path, query), ...(signal !== undefined && { signal }) });
  }

  /** Resolves when the agent switched protocols. */
  upgrade(path: string, query: Query, headers: Readonly<Record<string, string>>): Promise<UpgradedConnection> {
    const { promise, resolve: done, reject } = Promise.withResolvers<UpgradedConnection>();
    const sent = this.#send({ method: "POST", path: withQuery(path, query), headers }, reject);
    sent.on("upgrade", (answer, socket, head) => done({ socket: socket as Socket, head, headers: answer.headers }));
    sent.on("response", (answer) => void toApiError(answer).then(reject, reject));
    sent.end();
    return promise;
  }

  #answer(options: RequestOptions): Promise<IncomingMessage> {
    const { promise, resolve: done, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = this.#send(options, reject);
    sent.on("response", (answer) => {
      if ((answer.statusCode ?? 500) < 300) done(answer);
      else void toApiError(answer).then(reject, reject);
    });
    sent.end();
    return promise;
  }

  #send(options: RequestOptions, reject: (error: Error) => void): ClientRequest {
    const sent = request({ socketPath: this.socketPath, agent: false, ...options });
    sent.on("error", (error) => reject(this.#explain(error)));
    return sent;
  }

  #explain(error: Error): Error {
    const code = "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ECONNREFUSED") {
      const start = "Start one with 'tskubelet run', or name its directory with --root-dir.";
      return new AgentAway(`no agent is running: nothing answers at ${this.socketPath}\n${start}`, { cause: error });
    }
    if (code === "EACCES") {
      return new ClientError(`${this.socketPath}: permission denied; only root may talk to the agent`, {
        cause: error,
      });
    }
    if (code === "ECONNRESET" || code === "EPIPE")
      return new AgentAway("the agent broke the connection off", { cause: error });
    return error;
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  try {
    for await (const part of answer) parts.push(part as Buffer);
  } catch (error) {
    throw new AgentAway("the agent broke the connection off", { cause: error });
  }
  return Buffer.concat(parts).toString();
}

/** The message of a Status object, else the plain text. */
async function toApiError(answer: IncomingMessage): Promise<Error> {
  const text = await textOf(answer);
  return new ApiError(answer.statusCode ?? 500, statusMessage(text) ?? text.trim());
}

function statusMessage(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    return typeof message === "string" ? message : undefined;
  } catch {
    return undefined;
  }
}

export function withQuery(path: string, query: Query): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    const values = Array.isArray(value) ? value : [value];
    for (const each of values) if (each !== undefined && each !== false) params.append(name, String(each));
  }
  return params.size === 0 ? path : `${path}?${params}`;
}
