import type { PodStatus } from "../api/types.ts";

/** The pod's and the node's addresses, as they stand in a status. Absent: none is known. */
export interface AddressFields {
  readonly hostIP?: string;
  readonly podIP?: string;
  readonly podIPs?: readonly { readonly ip: string }[];
}

/**
 * The first address of the node's own family (IPv4 where the node has none), then the first of the other family.
 * Source: kubelet kubelet_pods.go sortPodIPs.
 */
export function sortPodIps(podIps: readonly string[], nodeIps: readonly string[]): readonly string[] {
  const nodeIsIpv6 = nodeIps[0] !== undefined && isIpv6(nodeIps[0]);
  const valid = podIps.filter((ip) => ip !== "");
  const own = valid.find((ip) => isIpv6(ip) === nodeIsIpv6);
  const other = valid.find((ip) => isIpv6(ip) !== nodeIsIpv6);
  return [own, other].filter((ip) => ip !== undefined);
}

/**
 * Addresses of a status. `hostIps`: the node's (one per family, primary first), empty where they are not known; a pod
 * on the host network has those that its sandbox does not report. Source: kubelet kubelet_pods.go generateAPIPodStatus.
 */
export function addressFields(
  podIps: readonly string[],
  hostIps: readonly string[],
  hostNetwork: boolean,
): AddressFields {
  const ips = [...sortPodIps(podIps, hostIps)];
  const [hostIP, secondHostIp] = hostIps;
  if (hostNetwork && hostIP !== undefined) {
    if (ips.length === 0) ips.push(hostIP);
    if (secondHostIp !== undefined && ips.length === 1) ips.push(secondHostIp);
  }
  const [podIP] = ips;
  return {
    ...(hostIP === undefined ? {} : { hostIP }),
    ...(podIP === undefined ? {} : { podIP, podIPs: ips.map((ip) => ({ ip })) }),
  };
}

/** All addresses of the node, which a status shows since 1.28; absent: none is known. */
export function withHostIps(status: PodStatus, hostIps: readonly string[]): PodStatus {
  return hostIps.length === 0 ? status : { ...status, hostIPs: hostIps.map((ip) => ({ ip })) };
}

function isIpv6(ip: string): boolean {
  return ip.includes(":");
}
