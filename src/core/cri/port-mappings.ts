import type { ContainerPort, Pod } from "../api/types.ts";
import type { PortMapping, Protocol } from "./types.ts";

const PROTOCOLS: ReadonlyMap<string, Protocol> = new Map([
  ["TCP", "TCP"],
  ["UDP", "UDP"],
  ["SCTP", "SCTP"],
]);

/**
 * Ports of the regular containers in spec order, with and without a host port; a name counts once in a container, and so
 * does an unnamed port that is the same in everything. Source: kubelet container/helpers.go MakePortMappings.
 */
export function portMappings(pod: Pod): readonly PortMapping[] {
  return (pod.spec?.containers ?? []).flatMap(({ ports }) => mappingsOf(ports ?? []));
}

function mappingsOf(ports: readonly ContainerPort[]): readonly PortMapping[] {
  const byName = new Map<string, ContainerPort>();
  for (const port of ports) {
    const name = port.name || unnamed(port);
    if (!byName.has(name)) byName.set(name, port);
  }
  return [...byName.values()].map(({ protocol, containerPort, hostPort, hostIP }) => ({
    protocol: PROTOCOLS.get(protocol ?? "") ?? "TCP",
    containerPort,
    hostPort: hostPort ?? 0,
    hostIp: hostIP ?? "",
  }));
}

function unnamed({ protocol = "", hostIP = "", containerPort, hostPort = 0 }: ContainerPort): string {
  const family = hostIP === "" ? "any" : hostIP.includes(":") ? "v6" : "v4";
  return `${family}-${protocol}-${hostIP}:${containerPort}:${hostPort}`;
}
