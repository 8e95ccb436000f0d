/**
 * What a container of the simulated node does, read from its command line. `["sim", KIND, ...]`:
 * `run [TERM_MS]` runs until SIGTERM, `ignore-term` until SIGKILL, `exit MS CODE` ends by itself, `code-on-term CODE`
 * ends with a code at SIGTERM, `print OUT ERR CODE` writes a line to each stream and ends, `repeat LINE` writes for good, `probe liveness|readiness`
 * fails where its container is not well.
 * Any other command line is a program that is not there.
 */
export interface Program {
  /** Ends by itself after this long; absent: never. */
  readonly lifetimeMs?: number;
  /** Its exit code tells of the container that it is run in. */
  readonly probes?: "liveness" | "readiness";
  readonly exitCode: number;
  /** From SIGTERM to the end; absent: it does not care. */
  readonly termMs?: number;
  readonly termCode: number;
  readonly stdout?: string;
  readonly stderr?: string;
  /** `stdout` is written again and again, this far apart. */
  readonly repeatMs?: number;
}

export const KILLED_CODE = 137;
const TERMINATED_CODE = 143;
const REPEAT_MS = 50;

/** `undefined`: there is no such program. */
export function programOf(argv: readonly string[]): Program | undefined {
  const [shell, kind, first = "", second = "", third = ""] = argv;
  if (shell !== "sim") return undefined;
  const steady = { exitCode: 0, termCode: TERMINATED_CODE, termMs: 1 };
  switch (kind) {
    case "run":
      return { ...steady, termMs: Number(first || "1") };
    case "ignore-term":
      return { exitCode: 0, termCode: TERMINATED_CODE };
    case "exit":
      return { ...steady, lifetimeMs: Number(first), exitCode: Number(second) };
    case "code-on-term":
      return { ...steady, termCode: Number(first) };
    case "print":
      return { ...steady, lifetimeMs: 1, stdout: first, stderr: second, exitCode: Number(third) };
    case "probe":
      return { ...steady, lifetimeMs: 1, probes: first === "liveness" ? "liveness" : "readiness" };
    case "repeat":
      return { ...steady, stdout: first, repeatMs: REPEAT_MS };
    default:
      return undefined;
  }
}
