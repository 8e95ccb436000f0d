/**
 * HTTP probes. Source: kubernetes pkg/probe/http/http.go: certificates are not verified, redirects on the same host are
 * followed, a redirect to another one ends it with a warning, 10 KiB of the body are read.
 *
 * Hundreds of these run every second, so they go without what costs most: agents, URL objects, signals per request.
 */
import { Buffer } from "node:buffer";
import { type ClientRequest, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { isIP, connect as tcpConnect } from "node:net";
import { connect as tlsConnect } from "node:tls";
import type { HttpProbe, ProbeOutcome } from "../../core/probe/index.ts";
import { addressOf, dialErrorText, errorCode } from "./dial.ts";

const MAX_BODY_BYTES = 10 * 1024;
const MAX_REQUESTS = 10;
/** Far above what servers send; a header block is held in memory only while it is read. */
const MAX_HEADER_BYTES = 1024 * 1024;

/** One probe with all its redirects; whoever ends it early ends the request under way. */
interface Look {
  over: boolean;
  request?: ClientRequest;
}

export async function probeHttp(probe: HttpProbe, signal: AbortSignal): Promise<ProbeOutcome> {
  const look: Look = { over: false };
  const end = () => {
    look.over = true;
    look.request?.destroy(new Error("over"));
  };
  const timer = setTimeout(end, probe.timeoutMs);
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  try {
    return await follow(probe, look);
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}

interface Place {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  readonly target: string;
  /** The Host header of the probe is still right. */
  readonly keepsHost: boolean;
}

function urlOf({ scheme, host, port, target }: Place): string {
  return `${scheme}://${addressOf(host, port)}${target}`;
}

async function follow(probe: HttpProbe, look: Look): Promise<ProbeOutcome> {
  let place: Place = { ...probe, keepsHost: true };
  for (let requests = 1; ; requests += 1) {
    const answer = await ask(probe, place, look);
    if ("error" in answer) {
      // The kubelet takes a body that breaks off for a probe that could not be carried out.
      if (answer.inBody) return { error: answer.error };
      const told = failure(`Get "${urlOf(place)}": ${answer.error}`);
      return answer.error === PLAIN_HTTP ? { ...told, isPlainHttp: true } : told;
    }
    const next = redirection(answer, place);
    if (next === undefined) return judge(probe, answer);
    if (next === "unreadable") {
      return failure(`Get "${urlOf(place)}": failed to parse Location header "${answer.headers.location ?? ""}"`);
    }
    if (next.host !== probe.host.toLowerCase()) return judge(probe, answer);
    if (requests >= MAX_REQUESTS) return failure(`Get "${urlOf(next)}": stopped after 10 redirects`);
    place = next;
  }
}

function judge({ anyAnswer }: HttpProbe, { status, body }: Answer): ProbeOutcome {
  if (anyAnswer === true) return { result: "Success", output: body };
  if (status < 200 || status >= 400) return failure(`HTTP probe failed with statuscode: ${status}`);
  if (status >= 300) return { result: "Warning", output: `Probe terminated redirects, Response body: ${body}` };
  return { result: "Success", output: body };
}

function failure(output: string) {
  return { result: "Failure", output } as const;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** `undefined`: the answer is no redirect, or says not where to. */
function redirection({ status, headers }: Answer, place: Place): Place | "unreadable" | undefined {
  const { location } = headers;
  if (!REDIRECTS.has(status) || location === undefined || location === "") return undefined;
  const to = URL.parse(location, urlOf(place));
  if (to === null || !/^https?:$/.test(to.protocol)) return "unreadable";
  const scheme = to.protocol === "https:" ? "https" : "http";
  const isRelative = URL.parse(location) === null && !location.startsWith("//");
  return {
    scheme,
    host: to.hostname.replace(/^\[|\]$/g, ""),
    port: Number(to.port) || (scheme === "https" ? 443 : 80),
    target: `${to.pathname}${to.search}`,
    keepsHost: place.keepsHost && isRelative,
  };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** No answer: `inBody` when the head of one had come. */
interface NoAnswer {
  readonly error: string;
  readonly inBody: boolean;
}

function ask(probe: HttpProbe, place: Place, look: Look): Promise<Answer | NoAnswer> {
  if (look.over) return Promise.resolve({ error: LATE, inBody: false });
  return new Promise((resolve) => {
    const { host, port, target } = place;
    const request = httpRequest({
      host,
      port,
      path: target,
      headers: headersOf(probe, place),
      setHost: false,
      maxHeaderSize: MAX_HEADER_BYTES,
      createConnection: () => (place.scheme === "https" ? openTls(place) : tcpConnect({ host, port })),
    });
    look.request = request;
    let answered = false;
    request.on("error", (error) => {
      if (answered) resolve(brokenBody(look));
      else resolve({ error: look.over ? LATE : errorText(error, place), inBody: false });
    });
    request.on("response", (response) => {
      answered = true;
      readBody(response, look, (answer) => {
        resolve(answer);
        request.destroy();
      });
    });
    request.end();
  });
}

function openTls({ host, port }: Place) {
  // An address has no name to be sent along.
  const servername = isIP(host) === 0 ? host : "";
  return tlsConnect({ host, port, servername, rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] });
}

/** A name that the probe gives more than once is sent with all its values. */
function headersOf({ headers }: HttpProbe, place: Place): readonly string[] {
  const host = headers.find(({ name }) => name.toLowerCase() === "host")?.value ?? "";
  const sent = ["Host", place.keepsHost && host !== "" ? host : addressOf(place.host, place.port)];
  for (const { name, value } of headers) if (name.toLowerCase() !== "host") sent.push(name, utf8Letters(value));
  sent.push("Connection", "close");
  return sent;
}

/** Node.js sends a byte for each letter and refuses others; Go sends UTF-8. */
function utf8Letters(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

function readBody(response: IncomingMessage, look: Look, done: (answer: Answer | NoAnswer) => void): void {
  const { statusCode: status = 0, headers } = response;
  const chunks: Buffer[] = [];
  let length = 0;
  const finish = () => {
    const body = Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString("utf8");
    done({ status, headers, body });
  };
  response.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_BODY_BYTES) finish();
  });
  response.on("end", finish);
  response.on("error", () => done(brokenBody(look)));
}

/** In the words of Go's HTTP client. */
const LATE = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
const PLAIN_HTTP = "http: server gave HTTP response to HTTPS client";
const LATE_BODY = "context deadline exceeded (Client.Timeout or context cancellation while reading body)";

function brokenBody({ over }: Look): NoAnswer {
  return { error: over ? LATE_BODY : "unexpected EOF", inBody: true };
}

function errorText(error: Error, { host, port }: Place): string {
  const code = errorCode(error);
  if (code === "ECONNRESET") return error.message === "socket hang up" ? "EOF" : "read: connection reset by peer";
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "ERR_SSL_PACKET_LENGTH_TOO_LONG" || code === "EPROTO") {
    return PLAIN_HTTP;
  }
  if (code.startsWith("HPE_")) return `net/http: HTTP/1.x transport connection broken: ${error.message}`;
  return dialErrorText(error, host, addressOf(host, port));
}
