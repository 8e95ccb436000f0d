import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { changeNatRules, type NatCommand, wordsOfRule } from "./nat-rules.ts";

/**
 * The commands that take away the bridge plugin's chains of pods without an address, given what `iptables -t nat -S`
 * prints. `subnets` are the network's own: chains of others are left alone. `liveIds`: containers with an address.
 */
export function idleMasqueradeRemoval(
  rules: string,
  { subnets, liveIds }: { readonly subnets: readonly string[]; readonly liveIds: ReadonlySet<string> },
): readonly NatCommand[] {
  const lines = rules.split("\n").map((line) => line.trim());
  const idle = new Set(
    lines.flatMap((line) => {
      const [, chain = "", subnet = "", id = ""] =
        /^-A (CNI-[0-9a-f]{24}) -d (\S+) .*\bid: \\"([0-9a-f]+)\\"" -j ACCEPT$/.exec(line) ?? [];
      return chain === "" || !subnets.includes(subnet) || liveIds.has(id) ? [] : [chain];
    }),
  );
  const jumps = lines.filter((line) => line.startsWith("-A ") && idle.has(line.slice(line.lastIndexOf(" ") + 1)));
  return [
    ...jumps.map((line) => wordsOfRule(line.replace(/^-A /, "-D "))),
    ...[...idle].flatMap((chain) => [
      ["-F", chain],
      ["-X", chain],
    ]),
  ];
}

/**
 * A plugin that is killed half-way (its client died) leaves its chains in the nat table, and when it is called again
 * the interface whose address would lead to them is gone. A pod has its address record before its chain, and the chain
 * goes after the record: a chain without one is nobody's.
 */
export async function removeIdleMasquerades(rootDir: string): Promise<void> {
  const directory = join(rootDir, "cni");
  const subnets = subnetsOf(join(directory, "net.d"));
  for (const family of ["ipv4", "ipv6"] as const) {
    const own = subnets.filter((subnet) => subnet.includes(":") === (family === "ipv6"));
    if (own.length === 0) continue;
    await changeNatRules(family, (rules) =>
      idleMasqueradeRemoval(rules, { subnets: own, liveIds: idsWithAddress(join(directory, "networks")) }),
    );
  }
}

function subnetsOf(confDir: string): readonly string[] {
  const texts = names(confDir).map((name) => readFileSync(join(confDir, name), "utf8"));
  return texts.flatMap((text) => Array.from(text.matchAll(/"subnet": "([^"]+)"/g), ([, subnet = ""]) => subnet));
}

/** The records of host-local: a file per address, the container's ID in its first line. */
function idsWithAddress(networks: string): ReadonlySet<string> {
  const files = names(networks).flatMap((network) =>
    names(join(networks, network)).map((name) => join(networks, network, name)),
  );
  return new Set(files.map((path) => firstLine(path)).filter((id) => /^[0-9a-f]{64}$/.test(id)));
}

function firstLine(path: string): string {
  try {
    return readFileSync(path, "utf8").split(/\r?\n/)[0] ?? "";
  } catch {
    // Given back just now.
    return "";
  }
}

function names(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
