/** Variables that tell a container about services: kubelet envvars/envvars.go, kubelet_pods.go getServiceEnvVarMap. */
import type { Service } from "../api/types.ts";

const MASTER_NAMESPACE = "default";
const MASTER_SERVICE = "kubernetes";

/** Variables for the services that a pod in `namespace` sees: `kubernetes` always, its neighbours with service links. */
export function serviceEnvironment(
  services: readonly Service[],
  namespace: string,
  enableServiceLinks: boolean,
): ReadonlyMap<string, string> {
  const visible = new Map<string, Service>();
  for (const service of services) {
    const { name = "", namespace: home = "" } = service.metadata ?? {};
    if (!hasAddress(service)) continue;
    if (home === MASTER_NAMESPACE && name === MASTER_SERVICE) {
      if (!visible.has(name)) visible.set(name, service);
    } else if (home === namespace && enableServiceLinks) visible.set(name, service);
  }
  return new Map([...visible.values()].flatMap(variablesOf));
}

function hasAddress(service: Service): boolean {
  const { clusterIP = "", ports = [] } = service.spec ?? {};
  return clusterIP !== "" && clusterIP !== "None" && ports.length > 0;
}

function variablesOf(service: Service): readonly (readonly [string, string])[] {
  const prefix = variableName(service.metadata?.name ?? "");
  const { clusterIP = "", ports = [] } = service.spec ?? {};
  const variables: (readonly [string, string])[] = [
    [`${prefix}_SERVICE_HOST`, clusterIP],
    [`${prefix}_SERVICE_PORT`, String(ports[0]?.port ?? 0)],
  ];
  for (const { name = "", port } of ports) {
    if (name !== "") variables.push([`${prefix}_SERVICE_PORT_${variableName(name)}`, String(port)]);
  }
  const host = clusterIP.includes(":") ? `[${clusterIP}]` : clusterIP;
  for (const [index, { port, protocol = "TCP" }] of ports.entries()) {
    const scheme = (protocol === "" ? "TCP" : protocol).toLowerCase();
    const url = `${scheme}://${host}:${port}`;
    const link = `${prefix}_PORT_${port}_${scheme.toUpperCase()}`;
    if (index === 0) variables.push([`${prefix}_PORT`, url]);
    variables.push([link, url], [`${link}_PROTO`, scheme], [`${link}_PORT`, String(port)], [`${link}_ADDR`, clusterIP]);
  }
  return variables;
}

function variableName(name: string): string {
  return name.replaceAll("-", "_").toUpperCase();
}
