/** How long it takes to read the clock. */
const READING_MS = 1e-6;

/**
 * Time of the simulated node: it stands still until the next thing that is due is taken, and jumps there. Things due at
 * the same moment happen in the order in which they were asked for.
 */
export class VirtualTime {
  #nowMs = 0;
  #wallOffsetMs: number;
  #readings = 0;
  #sequence = 0;
  #touched = false;
  /** A binary heap by (atMs, sequence). */
  readonly #heap: Timer[] = [];

  /** `startMs`: the wall clock at the beginning, in milliseconds since 1970. */
  constructor(startMs: number) {
    this.#wallOffsetMs = startMs;
  }

  /** Milliseconds since the beginning. */
  get monotonicMs(): number {
    return this.#nowMs;
  }

  /** As `monotonicMs`, but no two readings are the same, as with a real clock. */
  readMonotonicMs(): number {
    this.#readings += 1;
    return this.#nowMs + Math.min(this.#readings * READING_MS, 0.999);
  }

  /** Milliseconds since 1970 by the node's wall clock. */
  get wallMs(): number {
    return this.#nowMs + this.#wallOffsetMs;
  }

  /** Sets the wall clock forward or (negative) back. */
  jump(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  /** Promises were settled: their reactions must run before time goes on. */
  touch(): void {
    this.#touched = true;
  }

  /** Whether that happened since the last time this was asked. */
  takeTouched(): boolean {
    const touched = this.#touched;
    this.#touched = false;
    return touched;
  }

  /** Resolves after `ms`. For things of the node; the agent waits by its own clock. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, () => {
        this.touch();
        resolve();
      });
    });
  }

  /** Runs `run` once after `ms` (whole, at least 0) unless the returned timer is cancelled. */
  after(ms: number, run: () => void): Timer {
    const timer = new Timer(this.#nowMs + Math.max(0, Math.ceil(ms)), this.#sequence++, run);
    this.#push(timer);
    return timer;
  }

  /** When the next thing is due; `undefined`: nothing is. */
  nextAtMs(): number | undefined {
    while (this.#heap[0]?.cancelled === true) this.#pop();
    return this.#heap[0]?.atMs;
  }

  /** Goes to the next thing that is due and does it; `false`: there is none until `untilMs`, and time is there now. */
  step(untilMs: number): boolean {
    const atMs = this.nextAtMs();
    if (atMs === undefined || atMs > untilMs) {
      this.#nowMs = Math.max(this.#nowMs, untilMs);
      return false;
    }
    const timer = this.#pop();
    if (atMs > this.#nowMs) this.#readings = 0;
    this.#nowMs = atMs;
    timer?.run();
    return true;
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !timer.isBefore(above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): Timer | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || last === first) return first;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      if (left === undefined) break;
      const right = heap[2 * at + 2];
      const rightIsNext = right?.isBefore(left) === true;
      const child = rightIsNext ? right : left;
      if (!child.isBefore(last)) break;
      heap[at] = child;
      at = 2 * at + (rightIsNext ? 2 : 1);
    }
    heap[at] = last;
    return first;
  }
}

export class Timer {
  readonly atMs: number;
  readonly #sequence: number;
  #run: (() => void) | undefined;

  constructor(atMs: number, sequence: number, run: () => void) {
    this.atMs = atMs;
    this.#sequence = sequence;
    this.#run = run;
  }

  get cancelled(): boolean {
    return this.#run === undefined;
  }

  cancel(): void {
    this.#run = undefined;
  }

  run(): void {
    const run = this.#run;
    this.#run = undefined;
    run?.();
  }

  isBefore(other: Timer): boolean {
    return this.atMs < other.atMs || (this.atMs === other.atMs && this.#sequence < other.#sequence);
  }
}
