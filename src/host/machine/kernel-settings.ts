import { readFile, writeFile } from "node:fs/promises";
import { toHostError } from "../files/errno.ts";

/** The values of kernel settings named as sysctl writes them; what the kernel does not have is left out. */
export async function readKernelSettings(
  names: readonly string[],
  root = "/proc/sys",
): Promise<Readonly<Record<string, string>>> {
  const values = await Promise.all(names.map((name) => readFile(pathOf(name, root), "utf8").catch(() => undefined)));
  const known = names.flatMap((name, index) => {
    const value = values[index];
    return value === undefined ? [] : [[name, value.trim()] as const];
  });
  return Object.fromEntries(known);
}

/** Rejects with HostError where the kernel refuses. */
export async function writeKernelSetting(name: string, value: string, root = "/proc/sys"): Promise<void> {
  const path = pathOf(name, root);
  try {
    await writeFile(path, value);
  } catch (error) {
    throw toHostError(error, path, `cannot set ${name}`);
  }
}

function pathOf(name: string, root: string): string {
  return `${root}/${name.replaceAll(".", "/")}`;
}
