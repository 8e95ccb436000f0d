/** Resolver settings of a pod, from the node's resolv.conf and the cluster's DNS where there is one. */
import type { Pod } from "../../core/api/types.ts";
import type { DnsConfig } from "../../core/cri/types.ts";
import { searchLineProblem } from "../../core/network/dns-limits.ts";
import { MISSING_CLUSTER_DNS, podDns } from "../../core/network/pod-dns.ts";
import { parseResolvConf } from "../../core/network/resolv-conf.ts";
import type { PodFiles } from "../../ports/pod-files.ts";
import type { EventRecorder } from "../events/event-recorder.ts";

export interface PodDnsOptions {
  /** Path of the node's resolv.conf; "": pods get no servers from the node. */
  readonly resolvConf: string;
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  readonly hostIps: readonly string[];
  /** Tell when a pod wants the cluster's DNS and there is none; a standalone node never has one. */
  readonly warnMissingClusterDns: boolean;
}

/** The settings, or why the pod cannot have any. */
export type PodDnsOutcome = { readonly config: DnsConfig } | { readonly error: string };

export class PodDns {
  readonly #ports: { readonly files: PodFiles; readonly events: EventRecorder };
  readonly #options: PodDnsOptions;
  /** What the node's file was last warned about. */
  #told: string | undefined;

  constructor(ports: { readonly files: PodFiles; readonly events: EventRecorder }, options: PodDnsOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  async configFor(pod: Pod): Promise<PodDnsOutcome> {
    const { clusterDns, clusterDomain, hostIps, warnMissingClusterDns } = this.#options;
    const { events } = this.#ports;
    const host = await this.#hostSettings();
    if ("error" in host) return host;
    const dns = podDns({ pod, clusterDns, clusterDomain, nodeIps: hostIps, ...host });
    for (const { reason, message } of dns.events) {
      if (reason === "MissingClusterDNS" && !warnMissingClusterDns) continue;
      if (reason === "MissingClusterDNS") events.node("Warning", reason, MISSING_CLUSTER_DNS);
      events.pod(pod, "Warning", reason, message);
    }
    return { config: dns.config };
  }

  async #hostSettings(): Promise<{ readonly host?: DnsConfig } | { readonly error: string }> {
    const { resolvConf: path, clusterDomain } = this.#options;
    if (path === "") return {};
    const text = await this.#ports.files.hostFile(path);
    const parsed = text === undefined ? { error: `open ${path}: no such file or directory` } : parseResolvConf(text);
    if ("error" in parsed) {
      this.#tellOnce(parsed.error);
      return { error: `resolvConf ${path} cannot be used: ${parsed.error}` };
    }
    this.#tellOnce(searchLineProblem(path, parsed.searches, clusterDomain));
    return { host: parsed };
  }

  /** Source of the reason: kubelet CheckLimitsForResolvConf, which looks every 30 s; here the next pod does. */
  #tellOnce(problem: string | undefined): void {
    if (problem !== undefined && problem !== this.#told) {
      this.#ports.events.node("Warning", "CheckLimitsForResolvConf", problem);
    }
    this.#told = problem;
  }
}
