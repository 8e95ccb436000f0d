import type { PsiData, PsiStats } from "../../core/stats/summary.ts";

const line = /^(some|full) avg10=(\d+\.\d+) avg60=(\d+\.\d+) avg300=(\d+\.\d+) total=(\d+)$/;
/** Older kernels keep no "full" for the CPU. */
const NONE: PsiData = { total: 0, avg10: 0, avg60: 0, avg300: 0 };

/** A pressure file (/proc/pressure/memory, memory.pressure); `undefined`: it says nothing of stalls. */
export function parsePressure(text: string): PsiStats | undefined {
  const found = new Map<string, PsiData>();
  for (const each of text.split("\n")) {
    const [, kind, avg10, avg60, avg300, total] = line.exec(each) ?? [];
    if (kind === undefined) continue;
    found.set(kind, { total: Number(total), avg10: Number(avg10), avg60: Number(avg60), avg300: Number(avg300) });
  }
  const some = found.get("some");
  return some === undefined ? undefined : { full: found.get("full") ?? NONE, some };
}
