/** The resolver's own file. Source: kubelet network/dns/dns.go parseResolvConf. */
import type { DnsConfig } from "../cri/types.ts";

/** `error`: a line that says nothing, in the kubelet's words. */
export type ResolvConf = DnsConfig | { readonly error: string };

/**
 * Servers add up, and so do options, of one name the last; of `search` lines the last one counts. A domain's final dot goes,
 * and so does the root domain, which is nothing to search in.
 */
export function parseResolvConf(text: string): ResolvConf {
  const servers: string[] = [];
  let searches: readonly string[] = [];
  const options = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [keyword, ...words] = line.trim().split(/\s+/);
    if (keyword === "nameserver") {
      if (words[0] === undefined) return { error: "nameserver list is empty " };
      servers.push(words[0]);
    } else if (keyword === "search") {
      searches = words.filter((word) => word !== ".").map((word) => word.replace(/\.$/, ""));
    } else if (keyword === "options") {
      for (const word of words) options.set(word.split(":", 1)[0] ?? word, word);
    }
  }
  return { servers, searches, options: [...options.values()] };
}
