/** One line of a conformance file. `expected` is what the reference kubelet returned. */
export interface ConformanceCase {
  readonly name: string;
  readonly input: unknown;
  readonly expected: unknown;
}

/**
 * A topic runs one case through production code. It returns what to compare: usually `actual` in the shape of
 * `expected`; `expected` only where the format tells what to leave out of the comparison.
 */
export interface Outcome {
  readonly actual: unknown;
  readonly expected?: unknown;
}

/** `line` is the whole JSON line, for topics that keep their data beside `input`. */
export type Topic = (testCase: ConformanceCase, line: Readonly<Record<string, unknown>>) => Outcome;
