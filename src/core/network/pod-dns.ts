/**
 * Name servers, search domains and options of a pod. Source: kubelet network/dns/dns.go GetPodDNS (1.26).
 */
import type { Pod } from "../api/types.ts";
import type { DnsConfig } from "../cri/types.ts";

export interface PodDnsInput {
  readonly pod: Pod;
  /** Content of the node's resolv.conf. */
  readonly resolvConf: string;
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
}

export interface PodDnsResult {
  readonly config: DnsConfig;
  /** Text of a MissingClusterDNS event; absent: none is due. */
  readonly missingClusterDns?: string;
}

export function podDns(input: PodDnsInput): PodDnsResult {
  const { pod, clusterDns } = input;
  const host = parseResolvConf(input.resolvConf);
  const policy = effectivePolicy(pod);
  if (policy === "ClusterFirst" && clusterDns.length === 0) {
    const missingClusterDns =
      "kubelet does not have ClusterDNS IP configured and cannot create Pod using " +
      `"${pod.spec?.dnsPolicy ?? "ClusterFirst"}" policy. Falling back to "Default" policy.`;
    return { config: withDnsConfig(host, pod), missingClusterDns };
  }
  if (policy === "ClusterFirst") return { config: withDnsConfig(clusterConfig(input, host), pod) };
  if (policy === "None") return { config: withDnsConfig({ servers: [], searches: [], options: [] }, pod) };
  return { config: withDnsConfig(host, pod) };
}

/** A pod on the host's network uses the host's servers unless it asks for the cluster's by name. */
function effectivePolicy(pod: Pod): "ClusterFirst" | "Default" | "None" {
  const policy = pod.spec?.dnsPolicy ?? "ClusterFirst";
  if (policy === "None" || policy === "Default") return policy;
  if (policy === "ClusterFirstWithHostNet") return "ClusterFirst";
  return pod.spec?.hostNetwork === true ? "Default" : "ClusterFirst";
}

function clusterConfig({ pod, clusterDns, clusterDomain }: PodDnsInput, host: DnsConfig): DnsConfig {
  const namespace = pod.metadata?.namespace ?? "default";
  const own = clusterDomain === "" ? [] : [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
  return { servers: clusterDns, searches: unique([...own, ...host.searches]), options: ["ndots:5"] };
}

/** The pod's own dnsConfig is added; its options replace those of the same name. */
function withDnsConfig(base: DnsConfig, pod: Pod): DnsConfig {
  const own = pod.spec?.dnsConfig;
  if (own === undefined) return base;
  const options = new Map(base.options.map((option) => [optionName(option), option]));
  for (const { name = "", value } of own.options ?? []) {
    options.set(name, value === undefined || value === "" ? name : `${name}:${value}`);
  }
  return {
    servers: unique([...base.servers, ...(own.nameservers ?? [])]),
    searches: unique([...base.searches, ...(own.searches ?? [])]),
    options: [...options.values()],
  };
}

function optionName(option: string): string {
  return option.split(":", 1)[0] ?? option;
}

/** The last `search` and `options` line wins, as in the resolver. */
export function parseResolvConf(text: string): DnsConfig {
  const servers: string[] = [];
  let searches: readonly string[] = [];
  let options: readonly string[] = [];
  for (const line of text.split("\n")) {
    const [keyword, ...words] = line.trim().split(/\s+/);
    if (keyword === "nameserver" && words[0] !== undefined) servers.push(words[0]);
    else if (keyword === "search") searches = words.map((word) => (word.length > 1 ? word.replace(/\.$/, "") : word));
    else if (keyword === "options") options = words;
  }
  return { servers, searches, options };
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
