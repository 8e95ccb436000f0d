import type { InterfaceStats } from "../../core/stats/summary.ts";

/** Ends of other namespaces and the loopback. Source: cAdvisor libcontainer/handler.go ignoredDevicePrefixes. */
const IGNORED = /^(lo|veth|docker)/i;
const COLUMNS = 16;

/** /proc/PID/net/dev; `undefined`: a line is not as it should be, and then none is believed. */
export function parseNetDev(text: string): readonly InterfaceStats[] | undefined {
  const interfaces: InterfaceStats[] = [];
  for (const line of text.split("\n").slice(2)) {
    if (line.trim() === "") continue;
    const [, name, rest = ""] = /^\s*([^\s:]+):\s*([\d\s]+)$/.exec(line) ?? [];
    const values = rest.trim().split(/\s+/).map(Number);
    if (name === undefined || values.length !== COLUMNS) return undefined;
    const [rxBytes = 0, , rxErrors = 0, , , , , , txBytes = 0, , txErrors = 0] = values;
    if (!IGNORED.test(name)) interfaces.push({ name, rxBytes, rxErrors, txBytes, txErrors });
  }
  return interfaces;
}
