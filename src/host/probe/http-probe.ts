/**
 * HTTP probes. Source: kubernetes pkg/probe/http/http.go: certificates are not verified, redirects on the same host are
 * followed, a redirect to another one ends it with a warning, 10 KiB of the body are read.
 */
import { Buffer } from "node:buffer";
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import type { HttpProbe, ProbeOutcome } from "../../core/probe/index.ts";
import { addressOf, dialErrorText, errorCode } from "./dial.ts";

const MAX_BODY_BYTES = 10 * 1024;
const MAX_REQUESTS = 10;
/** Far above what servers send; a header block is held in memory only while it is read. */
const MAX_HEADER_BYTES = 1024 * 1024;

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

export async function probeHttp(probe: HttpProbe, signal: AbortSignal): Promise<ProbeOutcome> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), probe.timeoutMs);
  const either = AbortSignal.any([signal, deadline.signal]);
  try {
    const first = new URL(`${probe.scheme}://${addressOf(probe.host, probe.port)}`);
    return await follow(probe, { origin: first, target: probe.target, keepsHost: true }, either);
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

interface Place {
  readonly origin: URL;
  readonly target: string;
  /** The Host header of the probe is still right. */
  readonly keepsHost: boolean;
}

async function follow(probe: HttpProbe, first: Place, signal: AbortSignal): Promise<ProbeOutcome> {
  let place = first;
  for (let requests = 1; ; requests += 1) {
    const answer = await ask(probe, place, signal);
    const url = `${place.origin.origin}${place.target}`;
    if ("error" in answer) {
      // The kubelet takes a body that breaks off for a probe that could not be carried out.
      return answer.inBody ? { error: answer.error } : failure(`Get "${url}": ${answer.error}`);
    }
    const next = redirection(answer, place);
    if (next === undefined) return judge(answer);
    if (next === "unreadable") {
      return failure(`Get "${url}": failed to parse Location header "${answer.headers.location ?? ""}"`);
    }
    if (next.origin.hostname !== first.origin.hostname) return judge(answer);
    if (requests >= MAX_REQUESTS)
      return failure(`Get "${next.origin.origin}${next.target}": stopped after 10 redirects`);
    place = next;
  }
}

function judge({ status, body }: Answer): ProbeOutcome {
  if (status < 200 || status >= 400) return failure(`HTTP probe failed with statuscode: ${status}`);
  if (status >= 300) return { result: "Warning", output: `Probe terminated redirects, Response body: ${body}` };
  return { result: "Success", output: body };
}

function failure(output: string): ProbeOutcome {
  return { result: "Failure", output };
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** `undefined`: the answer is no redirect, or says not where to. */
function redirection({ status, headers }: Answer, place: Place): Place | "unreadable" | undefined {
  const { location } = headers;
  if (!REDIRECTS.has(status) || location === undefined || location === "") return undefined;
  const from = `${place.origin.origin}${place.target}`;
  const to = URL.parse(location, from);
  if (to === null || !/^https?:$/.test(to.protocol)) return "unreadable";
  const isRelative = URL.parse(location) === null && !location.startsWith("//");
  return { origin: to, target: `${to.pathname}${to.search}`, keepsHost: place.keepsHost && isRelative };
}

function ask(probe: HttpProbe, place: Place, signal: AbortSignal): Promise<Answer | NoAnswer> {
  return new Promise((resolve) => {
    const { origin, target } = place;
    const host = origin.hostname.replace(/^\[|\]$/g, "");
    const isHttps = origin.protocol === "https:";
    const port = Number(origin.port) || (isHttps ? 443 : 80);
    const options: RequestOptions = {
      host,
      port,
      path: target,
      headers: headersOf(probe, place, addressOf(host, port)),
      setHost: false,
      agent: false,
      maxHeaderSize: MAX_HEADER_BYTES,
      signal,
    };
    // An address has no name to be sent along.
    const tls = { ...options, rejectUnauthorized: false, servername: isIP(host) === 0 ? host : "" };
    const request = isHttps ? httpsRequest(tls) : httpRequest(options);
    let answered = false;
    request.on("error", (error) => {
      if (answered) resolve(brokenBody(signal));
      else resolve({ error: errorText(error, host, addressOf(host, port), signal), inBody: false });
    });
    request.on("response", (response) => {
      answered = true;
      void readBody(response, signal).then((answer) => {
        resolve(answer);
        request.destroy();
      });
    });
    request.end();
  });
}

/** A name that the probe gives more than once is sent with all its values. */
function headersOf({ headers }: HttpProbe, { keepsHost }: Place, address: string): Record<string, string[] | string> {
  const sent: Record<string, string[] | string> = {};
  const byName = Map.groupBy(headers, ({ name }) => name.toLowerCase());
  for (const [name, all] of byName) {
    if (name !== "host") sent[all[0]?.name ?? name] = all.map(({ value }) => value);
  }
  const [host] = byName.get("host") ?? [];
  return { ...sent, Host: keepsHost && host !== undefined && host.value !== "" ? host.value : address };
}

function readBody(response: IncomingMessage, signal: AbortSignal): Promise<Answer | NoAnswer> {
  const { statusCode: status = 0, headers } = response;
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const finish = () => {
      const body = Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString("utf8");
      resolve({ status, headers, body });
    };
    response.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > MAX_BODY_BYTES) finish();
    });
    response.on("end", finish);
    response.on("error", () => resolve(brokenBody(signal)));
  });
}

function brokenBody({ aborted }: AbortSignal): NoAnswer {
  const late = "context deadline exceeded (Client.Timeout or context cancellation while reading body)";
  return { error: aborted ? late : "unexpected EOF", inBody: true };
}

/** In the words of Go's HTTP client. */
function errorText(error: Error, host: string, address: string, signal: AbortSignal): string {
  if (signal.aborted) return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
  const code = errorCode(error);
  if (code === "ECONNRESET") return error.message === "socket hang up" ? "EOF" : "read: connection reset by peer";
  if (code === "EPROTO") return "http: server gave HTTP response to HTTPS client";
  if (code.startsWith("HPE_")) return `net/http: HTTP/1.x transport connection broken: ${error.message}`;
  return dialErrorText(error, host, address);
}
