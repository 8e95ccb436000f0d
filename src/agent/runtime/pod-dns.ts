/** Resolver settings of a pod, from the node's resolv.conf and the cluster's DNS where there is one. */
import type { Pod } from "../../core/api/types.ts";
import type { DnsConfig } from "../../core/cri/types.ts";
import { podDns } from "../../core/network/pod-dns.ts";
import type { PodFiles } from "../../ports/pod-files.ts";
import type { EventRecorder } from "../events/event-recorder.ts";

export interface PodDnsOptions {
  /** Path of the node's resolv.conf; "": pods get no servers from the node. */
  readonly resolvConf: string;
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  /** Tell when a pod wants the cluster's DNS and there is none; a standalone node never has one. */
  readonly warnMissingClusterDns: boolean;
}

export class PodDns {
  readonly #ports: { readonly files: PodFiles; readonly events: EventRecorder };
  readonly #options: PodDnsOptions;

  constructor(ports: { readonly files: PodFiles; readonly events: EventRecorder }, options: PodDnsOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  async configFor(pod: Pod): Promise<DnsConfig> {
    const { resolvConf: path, clusterDns, clusterDomain } = this.#options;
    const resolvConf = path === "" ? "" : ((await this.#ports.files.hostFile(path)) ?? "");
    const { config, missingClusterDns } = podDns({ pod, resolvConf, clusterDns, clusterDomain });
    if (missingClusterDns !== undefined && this.#options.warnMissingClusterDns) {
      this.#ports.events.pod(pod, "Warning", "MissingClusterDNS", missingClusterDns);
    }
    return config;
  }
}
