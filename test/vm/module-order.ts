import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The files of the wanted kernel modules and of everything they depend on, each after what it needs. A module that
 * modules.dep does not list is taken to be built into the kernel.
 */
export function orderModules(modulesDir: string, wanted: readonly string[]): string[] {
  const dependencies = readDependencies(join(modulesDir, "modules.dep"));
  const fileOf = new Map([...dependencies.keys()].map((file) => [moduleName(file), file]));
  const ordered = new Set<string>();
  const visit = (file: string): void => {
    if (ordered.has(file)) return;
    for (const needed of dependencies.get(file) ?? []) visit(needed);
    ordered.add(file);
  };
  for (const name of wanted) {
    const file = fileOf.get(moduleName(name));
    if (file !== undefined) visit(file);
  }
  return [...ordered].map((file) => join(modulesDir, file));
}

function readDependencies(modulesDep: string): Map<string, string[]> {
  const lines = readFileSync(modulesDep, "utf8").split("\n");
  return new Map(
    lines.flatMap((line): [string, string[]][] => {
      const [file, rest] = line.split(":");
      return file === undefined || rest === undefined ? [] : [[file, rest.split(" ").filter((word) => word !== "")]];
    }),
  );
}

function moduleName(file: string): string {
  return file
    .replace(/^.*\//, "")
    .replace(/\.ko.*$/, "")
    .replaceAll("-", "_");
}
