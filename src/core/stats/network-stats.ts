import { formatTime } from "../api/time.ts";
import type { InterfaceStats, NetworkStats } from "./summary.ts";

/** Whose figures stand for the whole. Source: kubelet stats/helper.go defaultNetworkInterfaceName. */
const DEFAULT_INTERFACE = "eth0";

/** `undefined`: not observed. */
export function networkStats(
  interfaces: readonly InterfaceStats[] | undefined,
  atMs: number,
): NetworkStats | undefined {
  if (interfaces === undefined) return undefined;
  const main = interfaces.find(({ name }) => name === DEFAULT_INTERFACE);
  return { time: formatTime(atMs), ...main, interfaces };
}
