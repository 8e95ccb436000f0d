import { MAX_FALLBACK_LOG_BYTES, MAX_FALLBACK_LOG_LINES } from "../containers/termination-message.ts";
import { detectLogFormat, isLogLineError, parseLogLine } from "./log-line.ts";

/**
 * The end of what a container wrote to both its streams, at most 80 lines and 2048 bytes; `logEnd` is the end of its log
 * file, whose first line may be cut. What cannot be read is left out.
 * Source: kubelet kuberuntime_container.go readLastStringFromContainerLogs.
 */
export function lastLogLines(logEnd: string): string {
  const lines = logEnd.split(/(?<=\n)/).slice(-MAX_FALLBACK_LOG_LINES);
  const encoder = new TextEncoder();
  const contents = lines.map((line) => content(encoder.encode(line)));
  const bytes = encoder.encode(contents.join(""));
  return new TextDecoder().decode(bytes.slice(Math.max(0, bytes.length - MAX_FALLBACK_LOG_BYTES)));
}

function content(line: Uint8Array): string {
  const detected = detectLogFormat(line);
  if ("error" in detected) return "";
  const parsed = parseLogLine(detected.format, line);
  return isLogLineError(parsed) ? "" : new TextDecoder().decode(parsed.content);
}
