/**
 * Lines of container logs: the CRI format and Docker's json-file. Source: kubelet kuberuntime/logs/logs.go parseCRILog,
 * parseDockerJSONLog, getParseFunc.
 */
import { goQuoteBytes } from "../api/go-quote.ts";
import {
  CRI_TIME,
  isLogTimeError,
  type LogTime,
  type LogTimeError,
  parseLogTime,
  RFC3339_TIME,
  ZERO_LOG_TIME,
} from "./log-time.ts";
import { plainLogTime } from "./plain-log-time.ts";

/** How a log file is written; one file has one format. */
export type LogFormat = "cri" | "docker-json";

/** One line of a log file: what a container wrote to one of its streams. */
export interface LogLine {
  readonly time: LogTime;
  /** "stdout" or "stderr"; a Docker line may hold anything. */
  readonly stream: string;
  /** With its newline, unless the line is only a part of a longer one. */
  readonly content: Uint8Array;
}

/** Why a line cannot be read, in the kubelet's words for CRI lines. */
export interface LogLineError {
  readonly error: string;
}

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const SPACE = 0x20;
const NEWLINE = 0x0a;
const COLON = 0x3a;
const LETTER_P = 0x50;

/** `line` with its newline, if it has one. */
export function parseLogLine(format: LogFormat, line: Uint8Array): LogLine | LogLineError {
  return format === "cri" ? parseCriLine(line) : parseDockerLine(line);
}

/** The format that can read `line`: CRI before Docker. */
export function detectLogFormat(line: Uint8Array): { readonly format: LogFormat } | LogLineError {
  if (!isLogLineError(parseCriLine(line))) return { format: "cri" };
  if (!isLogLineError(parseDockerLine(line))) return { format: "docker-json" };
  return { error: `unsupported log format: ${goQuoteBytes(line)}` };
}

/** Tells a line that cannot be read. */
export function isLogLineError(line: LogLine | LogLineError): line is LogLineError {
  return "error" in line;
}

/** `<time> stdout|stderr <tag>[:<tag>...] <content>`; the tag P marks a part of a line. */
export function parseCriLine(line: Uint8Array): LogLine | LogLineError {
  const timeEnd = line.indexOf(SPACE);
  if (timeEnd < 0) return { error: "timestamp is not found" };
  const time = plainLogTime(line, timeEnd) ?? parseLogTime(text(line.subarray(0, timeEnd)), CRI_TIME);
  if (isLogTimeError(time)) return { error: `unexpected timestamp format "${CRI_TIME.text}": ${time.error}` };
  const streamEnd = line.indexOf(SPACE, timeEnd + 1);
  if (streamEnd < 0) return { error: "stream type is not found" };
  const stream = streamName(line, timeEnd + 1, streamEnd);
  if (stream === undefined) {
    return { error: `unexpected stream type ${goQuoteBytes(line.subarray(timeEnd + 1, streamEnd))}` };
  }
  const tagsEnd = line.indexOf(SPACE, streamEnd + 1);
  if (tagsEnd < 0) return { error: "log tag is not found" };
  const tagEnd = line[streamEnd + 2];
  const isPart = line[streamEnd + 1] === LETTER_P && (tagEnd === SPACE || tagEnd === COLON);
  const end = isPart && line[line.length - 1] === NEWLINE ? line.length - 1 : line.length;
  return { time, stream, content: line.subarray(tagsEnd + 1, end) };
}

const STDOUT = ENCODER.encode("stdout");
const STDERR = ENCODER.encode("stderr");

function streamName(line: Uint8Array, start: number, end: number): "stdout" | "stderr" | undefined {
  if (end - start !== STDOUT.length) return undefined;
  const is = (name: Uint8Array) => name.every((byte, index) => byte === line[start + index]);
  if (is(STDOUT)) return "stdout";
  return is(STDERR) ? "stderr" : undefined;
}

/** `{"log": "...", "stream": "...", "time": "..."}`; a field that is missing or null is empty. */
export function parseDockerLine(line: Uint8Array): LogLine | LogLineError {
  const fields = dockerFields(text(line));
  if (fields === undefined) return { error: "not a JSON log line" };
  const { log = "", stream = "", time } = fields;
  if (typeof log !== "string" || typeof stream !== "string") return { error: "log and stream must be texts" };
  const at = dockerTime(time);
  if (isLogTimeError(at)) return at;
  return { time: at, stream, content: ENCODER.encode(log) };
}

function dockerTime(time: unknown): LogTime | LogTimeError {
  if (time === undefined) return ZERO_LOG_TIME;
  return typeof time === "string" ? parseLogTime(time, RFC3339_TIME) : { error: "time must be a text" };
}

/** Fields that are set, by their names in lower case: Go takes names in any case. */
function dockerFields(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value !== "object" || Array.isArray(value)) return undefined;
    const set = Object.entries(value ?? {}).filter(([, field]) => field !== null);
    return Object.fromEntries(set.map(([name, field]) => [name.toLowerCase(), field]));
  } catch {
    return undefined;
  }
}

function text(bytes: Uint8Array): string {
  return DECODER.decode(bytes);
}
