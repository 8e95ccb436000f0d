/** PodLogOptions from the query of a log request. Source: kubernetes apis/core/validation ValidatePodLogOptions. */
import { type LogReadOptions, type LogStream, logReadOptions } from "../../core/logs/log-reader.ts";
import { isLogTimeError, parseLogTime, RFC3339_TIME } from "../../core/logs/log-time.ts";
import { RequestError } from "../errors.ts";

export interface LogQuery {
  readonly container: string;
  readonly previous: boolean;
  readonly options: LogReadOptions;
}

export function readLogQuery(query: URLSearchParams, nowMs: number): LogQuery {
  const sinceSeconds = integer(query, "sinceSeconds", 1);
  const sinceText = query.get("sinceTime");
  if (sinceSeconds !== undefined && sinceText !== null)
    throw invalid("at most one of `sinceTime` or `sinceSeconds` may be specified");
  const sinceTime = sinceText === null ? undefined : parseLogTime(sinceText, RFC3339_TIME);
  if (sinceTime !== undefined && isLogTimeError(sinceTime)) throw new RequestError("BadRequest", sinceTime.error);
  const tailLines = integer(query, "tailLines", 0);
  const limitBytes = integer(query, "limitBytes", 1);
  const stream = logStream(query);
  return {
    container: query.get("container") ?? "",
    previous: isTrue(query, "previous"),
    options: logReadOptions(
      {
        follow: isTrue(query, "follow"),
        timestamps: isTrue(query, "timestamps"),
        ...(tailLines !== undefined && { tailLines }),
        ...(limitBytes !== undefined && { limitBytes }),
        ...(sinceSeconds !== undefined && { sinceSeconds }),
        ...(sinceTime !== undefined && { sinceTime }),
        ...(stream !== undefined && { stream }),
      },
      nowMs,
    ),
  };
}

function isTrue(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  return text !== null && text !== "false" && text !== "0";
}

function integer(query: URLSearchParams, name: string, least: number): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  if (!/^[+-]?\d+$/.test(text))
    throw new RequestError("BadRequest", `${name}: ${JSON.stringify(text)} is not a whole number`);
  const value = Number(text);
  if (value < least) {
    const bound = least === 0 ? "greater than or equal to 0" : "greater than 0";
    throw invalid(`${name}: Invalid value: ${value}: must be ${bound}`);
  }
  return value;
}

function logStream(query: URLSearchParams): LogStream | undefined {
  const text = query.get("stream");
  if (text === null || text === "" || text === "All") return undefined;
  if (text === "Stdout") return "stdout";
  if (text === "Stderr") return "stderr";
  throw invalid(`stream: Unsupported value: ${JSON.stringify(text)}: supported values: "All", "Stderr", "Stdout"`);
}

function invalid(message: string): RequestError {
  return new RequestError("Invalid", `PodLogOptions "" is invalid: ${message}`);
}
