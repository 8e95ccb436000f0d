/** What happened in a run: a hash of all of it, and the last lines as text. */
import type { Log, LogFields } from "../../ports/log.ts";
import type { VirtualTime } from "../time/virtual-time.ts";

type Line = readonly [atMs: number, text: string, fields?: LogFields];

const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

export class Trace {
  readonly #time: VirtualTime;
  readonly #kept: number;
  readonly #lines: Line[] = [];
  #next = 0;
  #hash = OFFSET;
  #count = 0;

  /** `keptLines`: how many of the last lines can be read afterwards. */
  constructor(time: VirtualTime, keptLines: number) {
    this.#time = time;
    this.#kept = keptLines;
  }

  /** Something that happened on the node: part of the hash. */
  add(text: string): void {
    this.#count += 1;
    let hash = Math.imul(this.#hash ^ this.#time.monotonicMs, PRIME);
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME);
    this.#hash = hash;
    this.#keep([this.#time.monotonicMs, text]);
  }

  /** Something that helps to understand what happened: not part of the hash. */
  note(text: string, fields?: LogFields): void {
    this.#keep(fields === undefined ? [this.#time.monotonicMs, text] : [this.#time.monotonicMs, text, fields]);
  }

  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  get count(): number {
    return this.#count;
  }

  /** The last lines, oldest first, each with its time in seconds. */
  lastLines(): readonly string[] {
    const ordered = [...this.#lines.slice(this.#next), ...this.#lines.slice(0, this.#next)];
    return ordered.map(([atMs, text, fields]) => {
      const tail = fields === undefined ? "" : ` ${JSON.stringify(fields, plainErrors)}`;
      return `${(atMs / 1000).toFixed(3).padStart(9)}  ${text}${tail}`;
    });
  }

  #keep(line: Line): void {
    if (this.#kept === 0) return;
    this.#lines[this.#next] = line;
    this.#next = (this.#next + 1) % this.#kept;
  }
}

function plainErrors(_key: string, value: unknown): unknown {
  return value instanceof Error ? value.message : value;
}

/** The agent's own log as notes of the trace. */
export function traceLog(trace: Trace, prefix: string): Log {
  const write = (level: string) => (message: string, fields?: LogFields) =>
    trace.note(`${prefix} ${level} ${message}`, fields);
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    with: () => traceLog(trace, prefix),
  };
}
