/** Names of a pod as the kubelet writes them in messages and gives them to its hosts. */
import type { Pod } from "../api/types.ts";
import { dnsLabelErrors } from "./validation/names.ts";

const MAX_HOSTNAME = 63;
/** Longest host name the kernel takes: 64 bytes with the final NUL left out. */
const MAX_KERNEL_HOSTNAME = 64;

/** `name_namespace(uid)`: kubelet util/format Pod. */
export function podText(pod: Pod): string {
  const { name = "", namespace = "", uid = "" } = pod.metadata ?? {};
  return `${name}_${namespace}(${uid})`;
}

/** `name_namespace`: kubelet container/runtime.go BuildPodFullName. */
export function podFullName(pod: Pod): string {
  const { name = "", namespace = "" } = pod.metadata ?? {};
  return `${name}_${namespace}`;
}

/** `domain` is "" without a subdomain; `hostname` is what the sandbox gets. */
export type PodHostname =
  | { readonly hostname: string; readonly domain: string; readonly kernelHostname: string }
  | { readonly error: string };

/**
 * Host name and domain of a pod with its own network. `clusterDomain` "" counts as such.
 * Source: kubelet_pods.go GeneratePodHostNameAndDomain, truncatePodHostnameIfNeeded; util GetNodenameForKernel.
 */
export function podHostname(pod: Pod, clusterDomain: string): PodHostname {
  const { hostname: wanted = "", subdomain = "", setHostnameAsFQDN = false, hostnameOverride } = pod.spec ?? {};
  if (hostnameOverride !== undefined) {
    return { hostname: hostnameOverride, domain: "", kernelHostname: hostnameOverride };
  }
  const wrong = wanted === "" ? undefined : dnsLabelError("Hostname", wanted);
  if (wrong !== undefined) return { error: wrong };
  const hostname = truncateHostname(wanted === "" ? (pod.metadata?.name ?? "") : wanted);
  if (hostname === "") return { error: `hostname for pod "${pod.metadata?.name ?? ""}" was invalid: "${wanted}"` };
  const wrongSubdomain = subdomain === "" ? undefined : dnsLabelError("Subdomain", subdomain);
  if (wrongSubdomain !== undefined) return { error: wrongSubdomain };
  const domain = subdomain === "" ? "" : `${subdomain}.${pod.metadata?.namespace ?? ""}.svc.${clusterDomain}`;
  if (!setHostnameAsFQDN || domain === "") return { hostname, domain, kernelHostname: hostname };
  return kernelHostname(hostname, domain);
}

function kernelHostname(hostname: string, domain: string): PodHostname {
  const name = `${hostname}.${domain}`;
  if (name.length <= MAX_KERNEL_HOSTNAME) return { hostname, domain, kernelHostname: name };
  return {
    error:
      `failed to construct FQDN from pod hostname and cluster domain, FQDN ${name} is too long ` +
      `(${MAX_KERNEL_HOSTNAME} characters is the max, ${name.length} characters requested)`,
  };
}

function dnsLabelError(field: "Hostname" | "Subdomain", value: string): string | undefined {
  const problems = dnsLabelErrors(value);
  return problems.length === 0 ? undefined : `pod ${field} "${value}" is not a valid DNS label: ${problems.join(";")}`;
}

/** At most 63 characters and none of `-` and `.` at the new end; "" when nothing is left. */
export function truncateHostname(hostname: string): string {
  return hostname.length <= MAX_HOSTNAME ? hostname : hostname.slice(0, MAX_HOSTNAME).replace(/[-.]+$/, "");
}
