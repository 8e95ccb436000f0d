/** How much a resolver takes: core/validation MaxDNSNameservers and its like, with the expanded lists of 1.26 and later. */

const MAX_SERVERS = 3;
const MAX_SEARCHES = 32;
/** Of the whole line, with the spaces between. */
const MAX_SEARCH_CHARACTERS = 2048;
/** Resolvers of old abort on a longer one. */
const MAX_DOMAIN_CHARACTERS = 253;
/** The three search domains that a cluster puts before the node's. */
const CLUSTER_SEARCHES = 3;

/** The settings that a resolver takes, and the text of a DNSConfigForming event for what was left out. */
export interface WithinLimits {
  readonly kept: readonly string[];
  readonly exceeded: readonly string[];
}

/** The first three servers. */
export function serversWithinLimits(servers: readonly string[]): WithinLimits {
  if (servers.length <= MAX_SERVERS) return { kept: servers, exceeded: [] };
  const kept = servers.slice(0, MAX_SERVERS);
  const text = "Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ";
  return { kept, exceeded: [text + kept.join(" ")] };
}

/** The first 32 domains without those that are too long by themselves, as many of them as fit on a line. */
export function searchesWithinLimits(searches: readonly string[]): WithinLimits {
  let kept = searches.slice(0, MAX_SEARCHES).filter((search) => search.length <= MAX_DOMAIN_CHARACTERS);
  while (kept.join(" ").length > MAX_SEARCH_CHARACTERS) kept = kept.slice(0, -1);
  if (kept.length === searches.length) return { kept, exceeded: [] };
  const text = "Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ";
  return { kept, exceeded: [text + kept.join(" ")] };
}

/** What is wrong with the node's own search line (text of a CheckLimitsForResolvConf event); `undefined`: nothing. */
export function searchLineProblem(
  path: string,
  searches: readonly string[],
  clusterDomain: string,
): string | undefined {
  const maxDomains = clusterDomain === "" ? MAX_SEARCHES : MAX_SEARCHES - CLUSTER_SEARCHES;
  if (searches.length > maxDomains) {
    return `Resolv.conf file '${path}' contains search line consisting of more than ${maxDomains} domains!`;
  }
  if (searches.some((search) => search.length > MAX_DOMAIN_CHARACTERS)) {
    return `Resolv.conf file "${path}" contains a search path which length is more than allowed ${MAX_DOMAIN_CHARACTERS} chars!`;
  }
  if (searches.join(" ").length <= MAX_SEARCH_CHARACTERS) return undefined;
  return `Resolv.conf file '${path}' contains search line which length is more than allowed ${MAX_SEARCH_CHARACTERS} chars!`;
}
