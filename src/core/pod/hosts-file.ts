/** Content of the /etc/hosts that a pod's containers see. Layout: kubelet_pods.go managedHostsFileContent. */
import type { Pod } from "../api/types.ts";

const LOOPBACK_LINES = [
  "127.0.0.1\tlocalhost",
  "::1\tlocalhost ip6-localhost ip6-loopback",
  "fe00::0\tip6-localnet",
  "fe00::0\tip6-mcastprefix",
  "fe00::1\tip6-allnodes",
  "fe00::2\tip6-allrouters",
];

/** A pod and the names and addresses it goes by. */
export interface HostsFileInput {
  readonly pod: Pod;
  readonly podIps: readonly string[];
  readonly hostname: string;
  /** "": none. */
  readonly domain: string;
  /** The machine's own file, which a pod on the host's network sees below a header line. */
  readonly nodeHosts: string;
}

/** The whole file, with its final newline. */
export function hostsFileContent({ pod, podIps, hostname, domain, nodeHosts }: HostsFileInput): string {
  if (pod.spec?.hostNetwork === true) {
    return `# Kubernetes-managed hosts file (host network).\n${nodeHosts}${aliasLines(pod)}`;
  }
  const names = domain === "" ? hostname : `${hostname}.${domain}\t${hostname}`;
  const own = podIps.map((ip) => `${ip}\t${names}`);
  return `${["# Kubernetes-managed hosts file.", ...LOOPBACK_LINES, ...own].join("\n")}\n${aliasLines(pod)}`;
}

/**
 * Whether the kubelet manages /etc/hosts for a container: not when the container mounts something there itself.
 * A pod without its address yet (and with a network of its own) gets no file at all.
 */
export function wantsHostsFile(pod: Pod, mountPaths: readonly string[], podIps: readonly string[]): boolean {
  const hasAddress = pod.spec?.hostNetwork === true || podIps.length > 0;
  return hasAddress && !mountPaths.includes("/etc/hosts");
}

function aliasLines(pod: Pod): string {
  const aliases = pod.spec?.hostAliases ?? [];
  if (aliases.length === 0) return "";
  const lines = aliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join("\t")}\n`);
  return `\n# Entries added by HostAliases.\n${lines.join("")}`;
}
