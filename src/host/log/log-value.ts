/** Bounds of one log line: what is longer is cut and says so. */
const longestText = 2048;
const longestList = 32;
const deepest = 4;

/** Any value as plain JSON data of bounded size; errors with their codes and causes, cycles cut. */
export function logValue(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case "string":
      return cut(value);
    case "bigint":
    case "symbol":
      return String(value);
    case "function":
      return `function ${value.name}`;
    case "object":
      return value === null ? null : logObject(value, depth);
    default:
      return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
  }
}

function logObject(value: object, depth: number): unknown {
  if (value instanceof Error) return logError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (depth >= deepest) return Array.isArray(value) ? `[${value.length} items]` : "{...}";
  if (Array.isArray(value)) return bounded(value, value.length, depth);
  if (value instanceof Set) return bounded([...value], value.size, depth);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  const kept = entries.slice(0, longestList).map(([key, each]) => [cut(String(key)), logValue(each, depth + 1)]);
  if (entries.length > longestList) kept.push(["...", `${entries.length - longestList} more`]);
  return Object.fromEntries(kept);
}

function bounded(items: readonly unknown[], count: number, depth: number): unknown[] {
  const kept = items.slice(0, longestList).map((each) => logValue(each, depth + 1));
  if (count > longestList) kept.push(`... ${count - longestList} more`);
  return kept;
}

/** An error with a code was expected by somebody; one without is a fault of the program and shows its stack. */
function logError(error: Error, depth: number): unknown {
  const code = "code" in error && error.code !== undefined ? logValue(error.code, depth + 1) : undefined;
  return {
    error: cut(error.message || error.name),
    ...(error.name !== "Error" && { type: error.name }),
    ...(code !== undefined ? { code } : { stack: cut(stackOf(error)) }),
    ...(error.cause !== undefined && { cause: depth < deepest ? logValue(error.cause, depth + 1) : "..." }),
    ...(error instanceof AggregateError && { errors: bounded(error.errors, error.errors.length, depth + 1) }),
  };
}

function stackOf(error: Error): string {
  const frames = (error.stack ?? "").split("\n").filter((line) => line.trimStart().startsWith("at "));
  return frames
    .slice(0, 8)
    .map((line) => line.trim())
    .join("; ");
}

function cut(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText)}... (${text.length - longestText} more)`;
}
