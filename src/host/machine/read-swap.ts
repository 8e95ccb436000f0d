import { readFile } from "node:fs/promises";

/**
 * Whether this machine has swap that reaches a disk; compressed memory (zram) does not count. `false` where the kernel
 * has no swap at all. Source: kubelet util/swap/swap_util.go IsSwapOn.
 */
export async function readSwapIsOn(path = "/proc/swaps"): Promise<boolean> {
  const text = await readFile(path, "utf8").catch(() => "");
  const areas = text.split("\n").slice(1);
  return areas.some((line) => line.trim() !== "" && !/^\/dev\/zram\d+\s/.test(line));
}
