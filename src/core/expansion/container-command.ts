/** Kubelet container/helpers.go ExpandContainerCommandAndArgs and ExpandContainerVolumeMounts. */
import type { Container } from "../api/types.ts";
import type { EnvironmentVariable } from "../pod/environment.ts";
import { boundedLookup, expand, lookupIn } from "./expand.ts";

/** `error`: together they are more than any program can be started with. */
export type ExpandedCommand =
  | { readonly command: readonly string[]; readonly args: readonly string[] }
  | { readonly error: string };

/** Command and arguments with the references to the environment resolved; a later variable of a name wins. */
export function expandCommand(
  container: Pick<Container, "command" | "args">,
  environment: readonly EnvironmentVariable[],
): ExpandedCommand {
  const { lookup, isSpent } = boundedLookup(lookupIn(toMap(environment)));
  const all = (texts: readonly string[] | undefined) => (texts ?? []).map((text) => expand(text, lookup));
  const expanded = { command: all(container.command), args: all(container.args) };
  return isSpent() ? { error: "command and args are longer than 16 MiB with their variables expanded" } : expanded;
}

/** The subPath of a subPathExpr: here a variable that is missing or empty is an error. */
export function expandSubPath(
  subPathExpr: string,
  environment: readonly EnvironmentVariable[],
): { readonly subPath: string } | { readonly error: string } {
  const values = toMap(environment);
  const missing = new Set<string>();
  const subPath = expand(subPathExpr, (name) => {
    const value = values.get(name) ?? "";
    if (value === "") missing.add(name);
    return value;
  });
  return missing.size === 0 ? { subPath } : { error: `missing value for ${[...missing].sort().join(", ")}` };
}

function toMap(environment: readonly EnvironmentVariable[]): ReadonlyMap<string, string> {
  return new Map(environment.map(({ name, value }) => [name, value]));
}
