import { readFileSync } from "node:fs";

/** Number of CAP_SYS_RESOURCE in capability.h. */
export const CAP_SYS_RESOURCE = 24;

/** `status` is the text of /proc/PID/status; true where the effective set holds capability number `capability`. */
export function parseEffectiveCapability(status: string, capability: number): boolean {
  const hex = /^CapEff:\s*([0-9a-fA-F]+)$/m.exec(status)?.[1];
  return hex !== undefined && ((BigInt(`0x${hex}`) >> BigInt(capability)) & 1n) === 1n;
}

export function hasCapability(capability: number): boolean {
  return parseEffectiveCapability(readFileSync("/proc/self/status", "utf8"), capability);
}
