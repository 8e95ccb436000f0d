/**
 * Which kernel settings a pod may have of its own: kubelet sysctl/safe_sysctls.go, allowlist.go (1.33), component-helpers
 * node/util/sysctl.
 */
import type { Pod } from "../api/types.ts";

type Namespace = "ipc" | "net";

/** Settings that touch nobody else, with the kernel that made them a namespace's own. */
const SAFE_SYSCTLS: readonly (readonly [name: string, kernel?: string])[] = [
  ["kernel.shm_rmid_forced"],
  ["net.ipv4.ip_local_port_range"],
  ["net.ipv4.tcp_syncookies"],
  ["net.ipv4.ping_group_range"],
  ["net.ipv4.ip_unprivileged_port_start"],
  ["net.ipv4.ip_local_reserved_ports", "3.16"],
  ["net.ipv4.tcp_keepalive_time", "4.5"],
  ["net.ipv4.tcp_fin_timeout", "4.6"],
  ["net.ipv4.tcp_keepalive_intvl", "4.5"],
  ["net.ipv4.tcp_keepalive_probes", "4.5"],
  ["net.ipv4.tcp_rmem", "4.15"],
  ["net.ipv4.tcp_wmem", "4.15"],
];

const NAMESPACES: readonly (readonly [prefix: string, namespace: Namespace])[] = [
  ["kernel.shm", "ipc"],
  ["kernel.msg", "ipc"],
  ["fs.mqueue.", "ipc"],
  ["net.", "net"],
];

/** Names, and patterns that end in `*`, all with dots. */
export interface SysctlAllowlist {
  readonly names: ReadonlySet<string>;
  readonly prefixes: readonly string[];
}

/** The allowlist, or what is wrong with a pattern of the configuration. */
export type SysctlAllowlistResult = SysctlAllowlist | { readonly error: string };

const SEGMENT = "[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?";
const PATTERN = new RegExp(`^(?:${SEGMENT}[./])*(?:${SEGMENT}|${SEGMENT}\\*|\\*|(?:[-_a-z0-9]*)\\*)$`);
const MAX_CHARACTERS = 253;

/** The safe settings of a kernel (as `uname -r` names it) and those that the configuration adds (`allowedUnsafeSysctls`). */
export function sysctlAllowlist(unsafe: readonly string[], kernelVersion: string): SysctlAllowlistResult {
  const safe = SAFE_SYSCTLS.filter(([, since]) => since === undefined || isAtLeast(kernelVersion, since));
  const names = new Set(safe.map(([name]) => name));
  const prefixes: string[] = [];
  for (const pattern of unsafe) {
    const problem = sysctlPatternProblem(pattern);
    if (problem !== undefined) return { error: problem };
    const dotted = dottedSysctl(pattern);
    if (dotted.endsWith("*")) prefixes.push(dotted.slice(0, -1));
    else names.add(dotted);
  }
  return { names, prefixes };
}

/** Why a pattern of `allowedUnsafeSysctls` cannot be used; `undefined`: it can. */
export function sysctlPatternProblem(pattern: string): string | undefined {
  if (pattern.length > MAX_CHARACTERS || !PATTERN.test(pattern)) {
    return `sysctl "${pattern}" is not a name such as kernel.msgmax, nor a pattern such as net.core.* with the star at its end`;
  }
  const dotted = dottedSysctl(pattern);
  const name = dotted.endsWith("*") ? dotted.slice(0, -1) : dotted;
  return namespaceOf(name) === undefined ? `the sysctl "${dotted}" is not known to be namespaced` : undefined;
}

/** Why the pod must not start because of its sysctls (message of SysctlForbidden); `undefined`: it may. */
export function sysctlRefusal(pod: Pod, allowlist: SysctlAllowlist): string | undefined {
  const { securityContext, hostNetwork = false, hostIPC = false } = pod.spec ?? {};
  for (const { name } of securityContext?.sysctls ?? []) {
    const dotted = dottedSysctl(name);
    const known = allowlist.names.has(dotted) || allowlist.prefixes.some((prefix) => dotted.startsWith(prefix));
    if (!known) return `forbidden sysctl: "${dotted}" not allowlisted`;
    const namespace = namespaceOf(dotted);
    if ((namespace === "ipc" && hostIPC) || (namespace === "net" && hostNetwork)) {
      return `forbidden sysctl: "${dotted}" not allowed with host ${namespace} enabled`;
    }
  }
  return undefined;
}

/** The pod with its sysctls named by dots, as runtimes want them. */
export function withDottedSysctls(pod: Pod): Pod {
  const context = pod.spec?.securityContext;
  if (pod.spec === undefined || context?.sysctls === undefined) return pod;
  const sysctls = context.sysctls.map(({ name, value }) => ({ name: dottedSysctl(name), value }));
  return { ...pod, spec: { ...pod.spec, securityContext: { ...context, sysctls } } };
}

/** A name may be written `net/ipv4/conf/eth0.1/forwarding`, too: then a dot within a part stands for a slash. */
export function dottedSysctl(name: string): string {
  const [first] = /[./]/.exec(name) ?? [];
  if (first !== "/") return name;
  return name.replace(/[./]/g, (separator) => (separator === "/" ? "." : "/"));
}

function namespaceOf(name: string): Namespace | undefined {
  if (name === "kernel.sem") return "ipc";
  return NAMESPACES.find(([prefix]) => name.startsWith(prefix))?.[1];
}

function isAtLeast(version: string, wanted: string): boolean {
  const [major = 0, minor = 0] = numbersOf(version);
  const [wantedMajor = 0, wantedMinor = 0] = numbersOf(wanted);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function numbersOf(version: string): readonly number[] {
  return version.split(".", 2).map((part) => Number.parseInt(part, 10) || 0);
}
