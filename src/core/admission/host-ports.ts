import type { HostPort } from "./demand.ts";

const ALL = "0.0.0.0";

/** Whether two pods want the same port of the node. Source: scheduler framework HostPortInfo.CheckConflict. */
export function hostPortsConflict(wanted: readonly HostPort[], taken: readonly HostPort[]): boolean {
  return wanted.some((a) => taken.some((b) => conflicts(a, b)));
}

function conflicts(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false;
  return a.ip === b.ip || a.ip === ALL || b.ip === ALL;
}
