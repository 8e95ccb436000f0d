/** Texts of the kernel's files -> a MemoryReading. `undefined`: a figure is missing or is no number. */
import type { MemoryReading } from "../../core/pressure/memory-watch.ts";

/** `meminfo`: /proc/meminfo, whose figures are in kB. */
export function meminfoBytes(meminfo: string | undefined, field: string): number | undefined {
  const start = meminfo === undefined ? -1 : `\n${meminfo}`.indexOf(`\n${field}:`);
  const [, kB] = (start !== -1 && /^ *(\d+) kB/.exec((meminfo ?? "").slice(start + field.length + 1))) || [];
  return kB === undefined ? undefined : Number(kB) * 1024;
}

/** `stat`: memory.stat of a cgroup, `field VALUE` on each line. */
export function statValue(stat: string | undefined, field: string): number | undefined {
  const text = `\n${stat ?? ""}\n`;
  const start = text.indexOf(`\n${field} `);
  return start === -1 ? undefined : plainNumber(text.slice(start + field.length + 2, text.indexOf("\n", start + 1)));
}

/** A file that holds one number. */
export function plainNumber(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? "";
  return /^\d+$/.test(trimmed) ? Number(trimmed) : undefined;
}

/** A reading of what is complete. */
export function memoryReading(
  usageBytes: number | undefined,
  inactiveFileBytes: number | undefined,
  memAvailableBytes?: number,
): MemoryReading | undefined {
  if (usageBytes === undefined || inactiveFileBytes === undefined) return undefined;
  return { usageBytes, inactiveFileBytes, ...(memAvailableBytes === undefined ? {} : { memAvailableBytes }) };
}
