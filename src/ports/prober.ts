/**
 * Looks from the node whether something answers over the network. Every look ends by its timeout; what the other side
 * does is an outcome, never a rejection. Commands within a container are the runtime's (ExecSync).
 */
import type { NetworkProbe, ProbeOutcome } from "../core/probe/index.ts";

export interface Prober {
  /** An aborted `signal` ends the look; its outcome then means nothing. */
  probe(probe: NetworkProbe, signal?: AbortSignal): Promise<ProbeOutcome>;
}
