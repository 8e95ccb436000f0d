/**
 * Name servers, search domains and options of a pod. Source: kubelet network/dns/dns.go GetPodDNS, CheckLimitsForResolvConf
 * (1.33).
 */
import type { Pod } from "../api/types.ts";
import type { DnsConfig } from "../cri/types.ts";
import { podText } from "../pod/names.ts";
import { searchesWithinLimits, serversWithinLimits } from "./dns-limits.ts";

export interface PodDnsInput {
  readonly pod: Pod;
  /** The node's resolver settings; absent: the configuration names no file, and pods get a resolver that finds nothing. */
  readonly host?: DnsConfig;
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  /** The node's addresses, for the family of the loopback that stands for "no server". */
  readonly nodeIps: readonly string[];
}

/** Something about the pod's resolver settings that is worth a Warning event. */
export interface DnsEvent {
  readonly reason: "MissingClusterDNS" | "DNSConfigForming";
  readonly message: string;
}

export interface PodDnsResult {
  readonly config: DnsConfig;
  readonly events: readonly DnsEvent[];
}

/** What the MissingClusterDNS event of the node says; that of the pod has the pod's name before it. */
export const MISSING_CLUSTER_DNS =
  'kubelet does not have ClusterDNS IP configured and cannot create Pod using "ClusterFirst" policy. ' +
  'Falling back to "Default" policy.';

const NO_SETTINGS: DnsConfig = { servers: [], searches: [], options: [] };

/** Settings by the pod's policy, then its dnsConfig, then what the resolver takes at most. */
export function podDns(input: PodDnsInput): PodDnsResult {
  const { pod, clusterDns } = input;
  const policy = effectivePolicy(pod);
  const isMissing = policy === "ClusterFirst" && clusterDns.length === 0;
  const missing: readonly DnsEvent[] = isMissing
    ? [{ reason: "MissingClusterDNS", message: `pod: "${podText(pod)}". ${MISSING_CLUSTER_DNS}` }]
    : [];
  const { servers, searches, options } = withDnsConfig(baseOf(input, isMissing ? "Default" : policy), pod);
  const server = serversWithinLimits(servers);
  const search = searchesWithinLimits(searches);
  const forming = [...server.exceeded, ...search.exceeded];
  return {
    config: { servers: server.kept, searches: search.kept, options },
    events: [...missing, ...forming.map((message): DnsEvent => ({ reason: "DNSConfigForming", message }))],
  };
}

type Policy = "ClusterFirst" | "Default" | "None";

/** A pod on the host's network uses the host's servers unless it asks for the cluster's by name. */
function effectivePolicy(pod: Pod): Policy {
  const policy = pod.spec?.dnsPolicy ?? "ClusterFirst";
  if (policy === "None" || policy === "Default") return policy;
  if (policy === "ClusterFirstWithHostNet") return "ClusterFirst";
  return pod.spec?.hostNetwork === true ? "Default" : "ClusterFirst";
}

function baseOf(input: PodDnsInput, policy: Policy): DnsConfig {
  if (policy === "None") return NO_SETTINGS;
  if (policy === "ClusterFirst") return clusterConfig(input);
  return input.host ?? nothingFound(input.nodeIps);
}

/** A runtime takes no servers for "use the machine's", so the pod gets a loopback where nobody answers. */
function nothingFound(nodeIps: readonly string[]): DnsConfig {
  const servers = nodeIps.map((ip) => (ip.includes(":") ? "::1" : "127.0.0.1"));
  return { servers: servers.length === 0 ? ["127.0.0.1"] : servers, searches: ["."], options: [] };
}

function clusterConfig({ pod, clusterDns, clusterDomain, host = NO_SETTINGS }: PodDnsInput): DnsConfig {
  const options = ["ndots:5"];
  if (clusterDomain === "") return { servers: clusterDns, searches: host.searches, options };
  const own = [`${pod.metadata?.namespace ?? "default"}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
  return { servers: clusterDns, searches: unique([...own, ...host.searches]), options };
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

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
