/** An answer without end: one JSON value a line, as they come. */
import type { ServerResponse } from "node:http";
import { writeAll } from "./write-all.ts";

/** A reader that does not take what it asked for is cut off at this many. */
const MAX_WAITING = 10_000;

export interface Lines<T> {
  /** What is there already. */
  readonly first: readonly T[];
  /** Hands over what comes from now on; returns how to stop that. */
  readonly subscribe: (push: (item: T) => void) => () => void;
  readonly toObject: (item: T) => object;
}

/** Ends when `signal` is aborted or the reader is too slow. */
export async function streamLines<T>(
  { first, subscribe, toObject }: Lines<T>,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(200, { "Content-Type": "application/json" });
  response.flushHeaders();
  const waiting: T[] = [...first];
  let wake = () => {};
  const stop = subscribe((item) => {
    waiting.push(item);
    wake();
  });
  signal.addEventListener("abort", () => wake(), { once: true });
  try {
    while (!signal.aborted && waiting.length <= MAX_WAITING) {
      const item = waiting.shift();
      if (item === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else if (!(await writeAll(response, `${JSON.stringify(toObject(item))}\n`, signal))) return;
    }
  } finally {
    stop();
    response.destroy();
  }
}
