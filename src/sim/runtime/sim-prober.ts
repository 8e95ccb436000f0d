/** What answers over the network of the simulated node: all is well, unless a script says otherwise. */
import type { NetworkProbe, ProbeOutcome } from "../../core/probe/index.ts";
import type { Prober } from "../../ports/prober.ts";
import type { Line } from "../line.ts";

export class SimProbes {
  readonly #scripts = new Map<number, ProbeOutcome[]>();

  /** Outcomes of looks at `port`, in order; the last one stays. */
  script(port: number, outcomes: readonly ProbeOutcome[]): void {
    this.#scripts.set(port, [...outcomes]);
  }

  answer({ port }: NetworkProbe): ProbeOutcome {
    const script = this.#scripts.get(port) ?? [];
    const outcome = script.length > 1 ? script.shift() : script[0];
    return outcome ?? { result: "Success", output: "" };
  }
}

/** What becomes of a look on its way is told as the prober would: by an outcome. */
export function simProber(probes: SimProbes, line: Line): Prober {
  return {
    probe: (probe, signal) =>
      line
        .call("runtime", "probe", () => probes.answer(probe), {
          timeoutMs: probe.timeoutMs,
          ...(signal !== undefined && { signal }),
        })
        .catch((error: unknown) => ({
          result: "Failure" as const,
          output: error instanceof Error ? error.message : String(error),
        })),
  };
}
