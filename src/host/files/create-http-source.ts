import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { ManifestFile, ManifestSnapshot, ManifestSource } from "../../ports/manifest-source.ts";
import { createSystemClock } from "../clock/system-clock.ts";
import { type HttpBody, type HttpHeaders, httpGet } from "./http-get.ts";
import { decodeManifest, largestManifestBytes } from "./read-manifest.ts";

export interface HttpSourceOptions {
  readonly url: string;
  /** The kubelet's staticPodURLHeader. */
  readonly headers?: HttpHeaders;
  /** The kubelet's httpCheckFrequency. */
  readonly periodMs?: number;
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

const defaultPeriodMs = 20_000;
const defaultTimeoutMs = 10_000;

/**
 * Manifests at a URL, asked for at a fixed period. Only an answer 200 with a text counts; an empty one means that there
 * are none. Source: kubelet config/http.go extractFromURL. Differs: a text over 10 MiB is a problem, not cut off.
 */
export function createHttpSource(options: HttpSourceOptions): ManifestSource {
  const clock = options.clock ?? createSystemClock();
  return {
    kind: "http",
    location: options.url,
    async run(onSnapshot, signal) {
      const teller = createTeller(onSnapshot);
      while (!signal.aborted) {
        const started = clock.monotonic();
        const answer = await ask(options, clock, signal);
        if (signal.aborted) return;
        teller(answer);
        const took = clock.monotonic() - started;
        await clock.sleep(Math.max(0, (options.periodMs ?? defaultPeriodMs) - took), signal);
      }
    },
  };
}

type Answer = { readonly file: ManifestFile | undefined } | { readonly unreadable: string };

/** Tells an answer on only when it is another one than before. */
function createTeller(onSnapshot: (snapshot: ManifestSnapshot) => void): (answer: Answer) => void {
  let file: ManifestFile | undefined;
  let told: string | undefined;
  return (answer) => {
    const now = "unreadable" in answer ? `unreadable ${answer.unreadable}` : keyOf(answer.file);
    if (now === told) return;
    told = now;
    if ("unreadable" in answer) {
      onSnapshot(answer);
      return;
    }
    if (keyOf(file) !== now) file = answer.file;
    onSnapshot({ files: file === undefined ? [] : [file] });
  };
}

function keyOf(file: ManifestFile | undefined): string {
  return file === undefined ? "none" : `file ${file.problem ?? ""}\n${file.text ?? ""}`;
}

async function ask(options: HttpSourceOptions, clock: Clock, signal: AbortSignal): Promise<Answer> {
  const { url } = options;
  const deadline = new AbortController();
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const cancel = clock.after(timeoutMs, () => deadline.abort());
  try {
    const both = AbortSignal.any([signal, deadline.signal]);
    return judge(url, clock, await httpGet(new URL(url), options.headers ?? {}, largestManifestBytes, both));
  } catch (error) {
    return {
      unreadable: deadline.signal.aborted ? `${url}: no answer in ${timeoutMs} ms` : `${url}: ${reason(error)}`,
    };
  } finally {
    cancel();
  }
}

function judge(url: string, clock: Clock, answer: HttpBody): Answer {
  if (answer.status !== 200) return { unreadable: `${url}: ${answer.statusText}` };
  if (answer.cutOff) return { unreadable: `${url}: more than ${largestManifestBytes} bytes` };
  if (answer.body.length === 0) return { file: undefined };
  const changed = Date.parse(answer.lastModified ?? "");
  const common = { path: url, modifiedAtMs: Number.isNaN(changed) ? clock.now() : changed };
  const decoded = decodeManifest(answer.body);
  return { file: "text" in decoded ? { ...common, text: decoded.text } : { ...common, text: undefined, ...decoded } };
}

/** The failed connection of each address, where a host has several. */
function reason(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(errorMessage).join("; ");
  return errorMessage(error);
}
