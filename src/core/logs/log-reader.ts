/**
 * Reads container logs as they come in: chunks of the file in, what to write out. Rules: kubelet kuberuntime/logs/logs.go
 * ReadLogs. The caller starts at `tailStart`, feeds the chunks in order and calls `endLogFile` at the end of each file, which
 * is the end of all when it does not follow. When following across a rotation the same state goes on with the next file.
 */
import { goQuote } from "../api/go-quote.ts";
import { detectLogFormat, isLogLineError, type LogFormat, parseLogLine } from "./log-line.ts";
import { formatLogTime, isBefore, type LogTime, logTimeOfMs } from "./log-time.ts";

/** Where a container wrote to. */
export type LogStream = "stdout" | "stderr";

/** What of a log is wanted. */
export interface LogReadOptions {
  /** Lines at the end to read; absent: all. Parts of a long line count as lines. */
  readonly tailLines?: number;
  /** Bytes to write in all; absent: no limit. */
  readonly limitBytes?: number;
  /** Lines before are left out. */
  readonly since?: LogTime;
  readonly timestamps: boolean;
  readonly follow: boolean;
  /** Only this stream; absent: both. */
  readonly stream?: LogStream;
}

/** The fields of PodLogOptions that reading needs; null counts as absent. */
export interface PodLogOptions {
  readonly follow?: boolean;
  readonly timestamps?: boolean;
  readonly tailLines?: number | null;
  readonly limitBytes?: number | null;
  readonly sinceSeconds?: number | null;
  /** Of a time that was already read. */
  readonly sinceTime?: LogTime;
  readonly stream?: LogStream;
}

/** The later of sinceSeconds and sinceTime counts; a negative tailLines or limitBytes is none. */
export function logReadOptions(options: PodLogOptions, nowMs: number): LogReadOptions {
  const { tailLines, limitBytes, sinceSeconds, sinceTime, stream } = options;
  const bySeconds = sinceSeconds == null ? undefined : logTimeOfMs(nowMs - sinceSeconds * 1000);
  const since =
    bySeconds !== undefined && (sinceTime === undefined || isBefore(sinceTime, bySeconds)) ? bySeconds : sinceTime;
  return {
    follow: options.follow ?? false,
    timestamps: options.timestamps ?? false,
    ...(tailLines != null && tailLines >= 0 && { tailLines }),
    ...(limitBytes != null && limitBytes >= 0 && { limitBytes }),
    ...(since !== undefined && { since }),
    ...(stream !== undefined && { stream }),
  };
}

/** Between two chunks: plain data, replaced by each step. */
export interface LogReadState {
  readonly format: LogFormat | undefined;
  /** The line before ended a whole line, so the next one gets its time. As in the kubelet it does not tell streams apart. */
  readonly atLineStart: boolean;
  /** Start of a line whose end is still to come. */
  readonly pending: Uint8Array;
  /** What limitBytes leaves; infinite without one. */
  readonly remainingBytes: number;
  /** What tailLines leaves when not following; infinite else. */
  readonly remainingLines: number;
  /** Nothing more will be written: stop reading. */
  readonly done: boolean;
}

/** Bytes for one output stream, at least one. */
export interface LogWrite {
  readonly stream: LogStream;
  readonly bytes: Uint8Array;
}

/** What one chunk brought. */
export interface LogReadStep {
  readonly state: LogReadState;
  /** In order; the bytes may lie in the chunk, so use them before it is overwritten. */
  readonly writes: readonly LogWrite[];
  /** Reading ended with this; what was written before stays. */
  readonly error?: string;
}

const NOTHING = new Uint8Array(0);
const ENCODER = new TextEncoder();
const NEWLINE = 0x0a;

/** The state before the first chunk. */
export function startLogRead(options: LogReadOptions): LogReadState {
  const { tailLines, limitBytes = Number.POSITIVE_INFINITY, follow } = options;
  const remainingLines = tailLines === undefined || follow ? Number.POSITIVE_INFINITY : tailLines;
  return {
    format: undefined,
    atLineStart: true,
    pending: NOTHING,
    remainingBytes: limitBytes,
    remainingLines,
    done: remainingLines === 0,
  };
}

/** Reads the lines that end in `chunk` and keeps the rest. */
export function feedLog(state: LogReadState, options: LogReadOptions, chunk: Uint8Array): LogReadStep {
  const reading = new Reading(state, options);
  let start = 0;
  for (let end = chunk.indexOf(NEWLINE); end >= 0 && !reading.done; end = chunk.indexOf(NEWLINE, start)) {
    const line = chunk.subarray(start, end + 1);
    reading.readLine(start === 0 ? joined(state.pending, line) : line);
    start = end + 1;
  }
  const rest = chunk.subarray(start);
  const before = start === 0 ? state.pending : NOTHING;
  return reading.step(before.length === 0 ? rest.slice() : joined(before, rest));
}

/** Reads the line without its end that a file closes with, if there is one. */
export function endLogFile(state: LogReadState, options: LogReadOptions): LogReadStep {
  const reading = new Reading(state, options);
  if (state.pending.length > 0 && !reading.done) reading.readLine(state.pending);
  return reading.step(NOTHING);
}

/** One call's work on the state. */
class Reading {
  done: boolean;
  readonly #options: LogReadOptions;
  readonly #writes: LogWrite[] = [];
  #format: LogFormat | undefined;
  #atLineStart: boolean;
  #remainingBytes: number;
  #remainingLines: number;
  #error: string | undefined;

  constructor(state: LogReadState, options: LogReadOptions) {
    this.#options = options;
    this.#format = state.format;
    this.#atLineStart = state.atLineStart;
    this.#remainingBytes = state.remainingBytes;
    this.#remainingLines = state.remainingLines;
    this.done = state.done;
  }

  /** A line that cannot be read is passed over, but the first one must tell the format. */
  readLine(bytes: Uint8Array): void {
    if (this.#format === undefined) {
      const detected = detectLogFormat(bytes);
      if ("error" in detected) {
        this.#fail(`failed to get parse function: ${detected.error}`);
        return;
      }
      this.#format = detected.format;
    }
    const line = parseLogLine(this.#format, bytes);
    if (isLogLineError(line)) return;
    this.#write(line.time, line.stream, line.content);
    this.#atLineStart = line.content.length === 0 || line.content.at(-1) === NEWLINE;
    this.#remainingLines -= 1;
    if (this.#remainingLines <= 0) this.done = true;
  }

  #write(time: LogTime, stream: string, content: Uint8Array): void {
    const { since, timestamps, stream: wanted } = this.#options;
    if (since !== undefined && isBefore(time, since)) return;
    if (stream !== "stdout" && stream !== "stderr") {
      this.#fail(`unexpected stream type ${goQuote(stream)}`);
      return;
    }
    if (wanted !== undefined && wanted !== stream) return;
    const prefix = timestamps && this.#atLineStart ? ENCODER.encode(`${formatLogTime(time)} `) : NOTHING;
    const whole = joined(prefix, content);
    const bytes = whole.length > this.#remainingBytes ? whole.subarray(0, this.#remainingBytes) : whole;
    if (bytes.length > 0) this.#writes.push({ stream, bytes });
    this.#remainingBytes -= bytes.length;
    if (this.#remainingBytes <= 0) this.done = true;
  }

  #fail(error: string): void {
    this.#error = error;
    this.done = true;
  }

  step(pending: Uint8Array): LogReadStep {
    return {
      state: {
        format: this.#format,
        atLineStart: this.#atLineStart,
        pending: this.done ? NOTHING : pending,
        remainingBytes: this.#remainingBytes,
        remainingLines: this.#remainingLines,
        done: this.done,
      },
      writes: this.#writes,
      ...(this.#error !== undefined && { error: this.#error }),
    };
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
