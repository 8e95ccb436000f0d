/** What was asked for and has no effect, told by `check-config` and at every start of `run`. */
import { compactValue } from "../core/config/compact-value.ts";
import { formatOrigin, type NotBuiltYet, notBuiltYet } from "../core/config/index.ts";
import { type NodeOptions, optionFlag } from "./flags-configuration.ts";
import type { LoadedConfiguration } from "./load-configuration.ts";

type Loaded = Exclude<LoadedConfiguration, { readonly problems: unknown }>;

/** Flags without a field whose feature is to come. */
const flagsToCome: Readonly<Partial<Record<keyof NodeOptions, string>>> = {
  certDir: "the node API over HTTPS (a later version)",
  kubeconfig: "being a node of a cluster (a later version)",
  bootstrapKubeconfig: "being a node of a cluster (a later version)",
};

/** Fields and flags that somebody set and whose feature is not built. */
export function missingFeatures({ configuration, node }: Loaded): readonly NotBuiltYet[] {
  const flags = Object.entries(flagsToCome).flatMap(([key, issueHint]) => {
    const option = key as keyof NodeOptions;
    const [value, origin] = [node.options[option], node.origins[option]];
    if (value === undefined || origin?.kind !== "flag") return [];
    return [{ path: optionFlag(option), value, origin, issueHint }];
  });
  return [...notBuiltYet(configuration), ...flags];
}

/** One line each. */
export function configurationWarnings(loaded: Loaded): readonly string[] {
  const skipped = loaded.skipped.map((file) => `${file} is passed over: its name does not end in .conf`);
  return [...skipped, ...missingFeatures(loaded).map(notBuiltText)];
}

function notBuiltText({ path, value, origin, issueHint }: NotBuiltYet): string {
  const place = origin.kind === "flag" && path.startsWith("-") ? "" : `${formatOrigin(origin)}: `;
  return `${place}${path}=${compactValue(value)} has no effect yet: ${issueHint}`;
}
