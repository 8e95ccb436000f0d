import type { Log, LogFields } from "../../ports/log.ts";
import { logValue } from "./log-value.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface LogOptions {
  /** The lowest level that is written. */
  readonly level: LogLevel;
  /** "text": `time LEVEL message key=value ...`; "json": one object per line with `time`, `level`, `msg` and the fields. */
  readonly format: "text" | "json";
  /** Takes one whole line with its line end; must not throw. */
  readonly write: (line: string) => void;
  readonly now?: () => number;
}

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
const longestLine = 32_768;

/** The level that the kubelet's `-v` stands for: details of each step from 4 on. */
export function logLevelOfVerbosity(verbosity: number): LogLevel {
  return verbosity >= 4 ? "debug" : "info";
}

/** A Log that formats each line and hands it to `write`; a field that cannot be shown never fails the caller. */
export function createLog(options: LogOptions): Log {
  return withFields(options, {});
}

function withFields(options: LogOptions, common: LogFields): Log {
  const render = options.format === "json" ? jsonLine : textLine;
  const at = (level: LogLevel) => {
    if (ranks[level] < ranks[options.level]) return ignore;
    return (message: string, fields?: LogFields): void => {
      const time = new Date(options.now?.() ?? Date.now()).toISOString();
      options.write(render(time, level, message, safeFields({ ...common, ...fields })));
    };
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => withFields(options, { ...common, ...fields }),
  };
}

function ignore(): void {}

function safeFields(fields: LogFields): [string, unknown][] {
  return Object.entries(fields).flatMap(([key, value]): [string, unknown][] => {
    try {
      const plain = logValue(value);
      return plain === undefined ? [] : [[key, plain]];
    } catch (error) {
      return [[key, `(cannot be shown: ${String(error)})`]]; // a getter that throws
    }
  });
}

const reserved: ReadonlySet<string> = new Set(["time", "level", "msg"]);

function jsonLine(time: string, level: LogLevel, message: string, fields: readonly [string, unknown][]): string {
  const named = fields.map(([key, value]) => [reserved.has(key) ? `field.${key}` : key, value]);
  const line = JSON.stringify({ time, level, msg: oneLine(message), ...Object.fromEntries(named) });
  if (line.length <= longestLine) return `${line}\n`;
  return `${JSON.stringify({ time, level, msg: oneLine(message), cut: line.slice(0, longestLine / 2) })}\n`;
}

function textLine(time: string, level: LogLevel, message: string, fields: readonly [string, unknown][]): string {
  const shown = fields.map(([key, value]) => ` ${key}=${textValue(value)}`).join("");
  const line = `${time} ${level.toUpperCase().padEnd(5)} ${oneLine(message)}${shown}`;
  return line.length <= longestLine ? `${line}\n` : `${line.slice(0, longestLine)}...\n`;
}

function textValue(value: unknown): string {
  if (typeof value === "string") return /^[^\s"=\\\p{Cc}]+$/u.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value);
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}]+/gu, " ");
}
