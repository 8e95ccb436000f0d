/**
 * A log that is followed line by line so that it can go on at the very place where a connection broke off. The agent sends
 * each line with its time; lines of one time are counted, for a log can hold several.
 */
export class FollowedLog {
  readonly #showTimes: boolean;
  #rest: Buffer = Buffer.alloc(0);
  /** Time of the last whole line, as written. */
  #time: string | undefined;
  #linesAtTime = 0;
  /** Lines of `#time` that the new connection sends once more. */
  #toSkip = 0;

  constructor(options: { readonly showTimes: boolean }) {
    this.#showTimes = options.showTimes;
  }

  /** What to ask for when the connection stands again: lines of this time and later; `undefined`: as at first. */
  get resumeTime(): string | undefined {
    return this.#time;
  }

  /** A new connection: what came of an unfinished line comes again. */
  reconnected(): void {
    this.#rest = Buffer.alloc(0);
    this.#toSkip = this.#linesAtTime;
  }

  /** What to print now: whole lines. */
  feed(chunk: Buffer): Buffer {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const end = bytes.lastIndexOf("\n") + 1;
    this.#rest = bytes.subarray(end);
    return this.#lines(bytes.subarray(0, end));
  }

  /** The log ended: what is left without a newline. */
  end(): Buffer {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest.length === 0 ? rest : this.#lines(rest);
  }

  #lines(bytes: Buffer): Buffer {
    const shown: Buffer[] = [];
    for (let start = 0; start < bytes.length; ) {
      const newline = bytes.indexOf("\n", start);
      const end = newline < 0 ? bytes.length : newline + 1;
      const line = bytes.subarray(start, end);
      const space = line.indexOf(" ");
      if (this.#isNew(line.subarray(0, Math.max(0, space)).toString("latin1"))) {
        shown.push(this.#showTimes ? line : line.subarray(space + 1));
      }
      start = end;
    }
    return shown.length === 1 ? (shown[0] ?? bytes) : Buffer.concat(shown);
  }

  #isNew(time: string): boolean {
    if (time === this.#time && this.#toSkip > 0) {
      this.#toSkip -= 1;
      return false;
    }
    this.#linesAtTime = time === this.#time ? this.#linesAtTime + 1 : 1;
    this.#time = time;
    this.#toSkip = 0;
    return true;
  }
}
