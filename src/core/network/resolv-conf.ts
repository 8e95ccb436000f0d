/** The resolver's own file. Source: kubelet network/dns/dns.go parseResolvConf. */
import type { DnsConfig } from "../cri/types.ts";

/** `error`: a line that says nothing, in the kubelet's words. */
export type ResolvConf = DnsConfig | { readonly error: string };

/** Servers add up; of `search` and `options` lines the last one counts, as in the resolver. A domain's final dot goes. */
export function parseResolvConf(text: string): ResolvConf {
  const servers: string[] = [];
  let searches: readonly string[] = [];
  let options: readonly string[] = [];
  for (const line of text.split("\n")) {
    const [keyword, ...words] = line.trim().split(/\s+/);
    if (keyword === "nameserver") {
      if (words[0] === undefined) return { error: "nameserver list is empty " };
      servers.push(words[0]);
    } else if (keyword === "search") {
      searches = words.map((word) => (word.length > 1 ? word.replace(/\.$/, "") : word));
    } else if (keyword === "options") options = words;
  }
  return { servers, searches, options };
}
