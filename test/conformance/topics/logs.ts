import { detectLogFormat, isLogLineError, parseCriLine, parseLogLine } from "../../../src/core/logs/log-line.ts";
import {
  endLogFile,
  feedLog,
  type LogReadOptions,
  type LogReadStep,
  logReadOptions,
  startLogRead,
} from "../../../src/core/logs/log-reader.ts";
import { formatLogTime, isLogTimeError, parseLogTime, RFC3339_TIME } from "../../../src/core/logs/log-time.ts";
import { startTailSearch, tailSearchStep } from "../../../src/core/logs/tail-search.ts";
import type { Topic } from "../case.ts";

type Input =
  | { readonly kind: "parse"; readonly line: string }
  | {
      readonly kind: "read";
      readonly log: string;
      readonly now: string;
      readonly options: {
        readonly tailLines?: number;
        readonly limitBytes?: number;
        readonly sinceSeconds?: number;
        readonly sinceTime?: string;
        readonly timestamps?: boolean;
        readonly follow?: boolean;
      };
    };
type ReadInput = Extract<Input, { kind: "read" }>;

/** Small enough that lines are cut at many places. */
const CHUNK_BYTES = 7;
const BLOCK_BYTES = 16;

function parse(text: string): unknown {
  const line = Buffer.from(text);
  const detected = detectLogFormat(line);
  if ("error" in detected) {
    const cri = parseCriLine(line);
    return { error: detected.error, criError: isLogLineError(cri) ? cri.error : "" };
  }
  const parsed = parseLogLine(detected.format, line);
  if (isLogLineError(parsed)) return { error: parsed.error };
  return {
    format: detected.format,
    timestamp: formatLogTime({ ...parsed.time, offsetMinutes: 0 }),
    stream: parsed.stream,
    content: Buffer.from(parsed.content).toString(),
  };
}

function options({ options: given, now }: ReadInput): LogReadOptions {
  const { sinceTime, ...rest } = given;
  const since = sinceTime === undefined ? undefined : parseLogTime(sinceTime, RFC3339_TIME);
  const known = since !== undefined && !isLogTimeError(since) ? { sinceTime: since } : {};
  return logReadOptions({ ...rest, ...known }, Date.parse(now));
}

function tailStart(log: Buffer, tailLines: number | undefined): number {
  let search = startTailSearch(log.length, tailLines);
  while (search.start === undefined) {
    search = tailSearchStep(search, log.subarray(Math.max(0, search.blockEnd - BLOCK_BYTES), search.blockEnd));
  }
  return search.start;
}

function read(input: ReadInput): unknown {
  const log = Buffer.from(input.log);
  const reading = options(input);
  const steps: LogReadStep[] = [];
  let state = startLogRead(reading);
  const apply = (step: LogReadStep) => {
    steps.push(step);
    state = step.state;
  };
  for (let at = tailStart(log, reading.tailLines); at < log.length && !state.done; at += CHUNK_BYTES) {
    apply(feedLog(state, reading, log.subarray(at, at + CHUNK_BYTES)));
  }
  if (!state.done) apply(endLogFile(state, reading));
  const writes = steps.flatMap((step) => step.writes);
  const output = (stream: string) => Buffer.concat(writes.filter((w) => w.stream === stream).map((w) => w.bytes));
  const error = steps.find((step) => step.error !== undefined)?.error;
  return { ...named("stdout", output("stdout")), ...named("stderr", output("stderr")), ...(error && { error }) };
}

function named(name: string, bytes: Buffer): Readonly<Record<string, string>> {
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? { [name]: text } : { [`${name}Base64`]: bytes.toString("base64") };
}

export const topic: Topic = ({ input }) => {
  const given = input as Input;
  return { actual: given.kind === "parse" ? parse(given.line) : read(given) };
};
