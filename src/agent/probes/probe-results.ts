import type { ProbeResult } from "../../core/pod/runtime-status.ts";
import type { ProbeRecord, ProbeType } from "../../core/probe/index.ts";

/** Last results of all probes by container id, as statuses and restarts go by them. */
export class ProbeResultStore {
  readonly readiness = new Map<string, ProbeResult>();
  readonly liveness = new Map<string, ProbeResult>();
  readonly startup = new Map<string, ProbeResult>();

  /** `true`: what the pod's status or its containers come to is another thing now. */
  apply(probeType: ProbeType, records: readonly ProbeRecord[]): boolean {
    const results = this[probeType];
    let matters = false;
    for (const record of records) {
      const before = results.get(record.containerId);
      if (record.kind === "remove") {
        results.delete(record.containerId);
        continue;
      }
      results.set(record.containerId, record.result);
      matters ||= isNews(probeType, before, record.result);
    }
    return matters;
  }

  /** Results of a container that the agent before this one has left. */
  seed(containerId: string, status: { readonly ready: boolean; readonly started: boolean }): void {
    if (status.ready) this.readiness.set(containerId, "Success");
    if (status.started) this.startup.set(containerId, "Success");
  }

  forget(containerId: string): void {
    for (const results of [this.readiness, this.liveness, this.startup]) results.delete(containerId);
  }
}

/** No result counts as not ready, not started, alive. */
function isNews(probeType: ProbeType, before: ProbeResult | undefined, after: ProbeResult): boolean {
  if (before === after) return false;
  const failed = after === "Failure" && probeType !== "readiness";
  const turned = (before === "Success") !== (after === "Success") && probeType !== "liveness";
  return failed || turned;
}
