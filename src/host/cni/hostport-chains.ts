import { changeNatRules, type NatCommand, wordsOfRule } from "./nat-rules.ts";

const DNAT = "CNI-HOSTPORT-DNAT";
const SETMARK = "CNI-HOSTPORT-SETMARK";
const MASQUERADE = "CNI-HOSTPORT-MASQ";

/** The commands that take the chains away, given what `iptables -t nat -S` prints; none while any host port is mapped. */
export function hostportRemoval(rules: string): readonly NatCommand[] {
  const lines = rules.split("\n").map((line) => line.trim());
  const has = (chain: string) => lines.includes(`-N ${chain}`);
  if (!has(DNAT) || lines.some((line) => line.startsWith(`-A ${DNAT} `))) return [];
  const chains = [DNAT, MASQUERADE, SETMARK].filter(has);
  const jumps = lines.filter((line) => chains.some((chain) => line.startsWith("-A ") && line.endsWith(`-j ${chain}`)));
  return [
    ...jumps.map((line) => wordsOfRule(line.replace(/^-A /, "-D "))),
    ...chains.map((chain) => ["-F", chain]),
    ...chains.map((chain) => ["-X", chain]),
  ];
}

/** The portmap plugin leaves its chains in the nat table when the last host port is gone; nothing uses them then. */
export function removeUnusedHostportChains(): Promise<void> {
  return changeNatRules("ipv4", hostportRemoval);
}
