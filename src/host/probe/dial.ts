import { connect, isIPv6, type Socket } from "node:net";

/** `10.0.0.1:80`, `[fd00::1]:80`. */
export function addressOf(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A TCP connection within `timeoutMs`; rejects with DialFailure. Whoever gets it ends it. */
export function dial(host: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const address = addressOf(host, port);
    const socket = connect({ host, port });
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      socket.removeListener("error", fail);
    };
    const fail = (error: unknown) => {
      settle();
      // A late error of a connection that nobody wants any more must not end the process.
      socket.on("error", () => {});
      socket.destroy();
      reject(error instanceof DialFailure ? error : new DialFailure(dialErrorText(error, host, address), error));
    };
    const abort = () => fail(new DialFailure("operation was canceled"));
    const timer = setTimeout(() => fail(new DialTimeout(`dial tcp ${address}: i/o timeout`)), timeoutMs);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    socket.once("error", fail);
    socket.once("connect", () => {
      settle();
      resolve(socket);
    });
  });
}

/** `message` is in the words of Go's network library, which people know from probe events. */
export class DialFailure extends Error {
  override readonly name: string = "DialFailure";

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}

export class DialTimeout extends DialFailure {
  override readonly name = "DialTimeout";
}

const SYSTEM_TEXTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset by peer",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network is unreachable",
  ETIMEDOUT: "connection timed out",
  EADDRNOTAVAIL: "cannot assign requested address",
  EMFILE: "too many open files",
};

export function dialErrorText(error: unknown, host: string, address: string): string {
  const code = errorCode(error);
  const text = SYSTEM_TEXTS[code];
  if (text !== undefined) return `dial tcp ${address}: connect: ${text}`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `dial tcp: lookup ${host}: no such host`;
  return `dial tcp ${address}: ${error instanceof Error ? error.message : String(error)}`;
}

/** Code of a system error, also of the first of several tried addresses; "" for another one. */
export function errorCode(error: unknown): string {
  if (error instanceof AggregateError) return errorCode(error.errors[0]);
  if (!(error instanceof Error) || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}
