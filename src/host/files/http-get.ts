import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { getCACertificates } from "node:tls";

export type HttpHeaders = Readonly<Record<string, readonly string[]>>;

export interface HttpBody {
  readonly status: number;
  readonly statusText: string;
  /** At most `maxBytes`; `cutOff`: there was more. */
  readonly body: Buffer;
  readonly cutOff: boolean;
  readonly lastModified: string | undefined;
}

const mostRedirects = 10;
/** What is meant for one server is not shown to another that it redirects to. */
const confidential: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "www-authenticate",
  "proxy-authorization",
]);

/** GET with redirects followed and a bounded body. Rejects when there is no answer or `signal` is aborted. */
export async function httpGet(
  url: URL,
  headers: HttpHeaders,
  maxBytes: number,
  signal: AbortSignal,
): Promise<HttpBody> {
  let at = url;
  let sent = headers;
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const response = await send(at, sent, signal);
    const location = response.headers.location;
    if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0) || location === undefined) {
      return readBody(response, maxBytes);
    }
    response.destroy();
    const next = new URL(location, at);
    if (next.host !== at.host || next.protocol !== at.protocol) sent = withoutConfidential(sent);
    at = next;
  }
  throw new Error(`stopped after ${mostRedirects} redirects`);
}

function withoutConfidential(headers: HttpHeaders): HttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !confidential.has(name.toLowerCase())));
}

function send(url: URL, headers: HttpHeaders, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { headers: Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, [...v]])), signal };
    const secure = url.protocol === "https:";
    const sent = secure
      ? httpsRequest(url, { ...options, agent: false, ca: certificates() }, resolve)
      : httpRequest(url, { ...options, agent: false }, resolve);
    sent.on("error", reject);
    sent.end();
  });
}

let trusted: string[] | undefined;

/** The machine's own certificate authorities beside those that Node.js brings. */
function certificates(): string[] {
  trusted ??= [...new Set([...getCACertificates("system"), ...getCACertificates("default")])];
  return trusted;
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<HttpBody> {
  const chunks: Buffer[] = [];
  let length = 0;
  let cutOff = false;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, maxBytes - length));
    length += chunk.length;
    if (length <= maxBytes) continue;
    cutOff = true;
    break; // ends the connection too
  }
  return {
    status: response.statusCode ?? 0,
    statusText: `${response.statusCode ?? 0} ${response.statusMessage ?? ""}`.trim(),
    body: Buffer.concat(chunks),
    cutOff,
    lastModified: response.headers["last-modified"],
  };
}
