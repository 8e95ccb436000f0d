/**
 * What RunPodSandbox is told: kubelet kuberuntime_sandbox.go generatePodSandboxConfig, kuberuntime_sandbox_linux.go.
 */
import type { Container, Pod } from "../api/types.ts";
import { podLogDirectory } from "../logs/log-paths.ts";
import { type CriResourceOptions, overheadLinuxResources, sandboxLinuxResources } from "../pod/resources-cri.ts";
import { sandboxLabels } from "./labels.ts";
import { podNamespaces } from "./namespaces.ts";
import { portMappings } from "./port-mappings.ts";
import { SECCOMP_RUNTIME_DEFAULT } from "./seccomp.ts";
import { groupsPolicy, podGroups, toSeLinuxOption } from "./security-context.ts";
import type {
  DnsConfig,
  LinuxPodSandboxConfig,
  LinuxSandboxSecurityContext,
  PodSandboxConfig,
  UserNamespace,
} from "./types.ts";

/** All that a pod's sandbox needs, its cgroup made and its name resolution settled. */
export interface SandboxConfigInput extends CriResourceOptions {
  readonly pod: Pod;
  /** 0 for the pod's first sandbox. */
  readonly attempt: number;
  /** Name that the kernel gets; not used on the host's network. */
  readonly hostname: string;
  readonly dns?: DnsConfig;
  /** In the words of the cgroup driver: a path (cgroupfs) or the name of a slice (systemd). */
  readonly cgroupParent?: string;
  /** Directory of the pod's logs; absent: the kubelet's. */
  readonly logDirectory?: string;
  /** Groups that volumes bring (persistent volume annotation). */
  readonly extraGroups?: readonly number[];
  /** Absent: the machine's users. */
  readonly userNamespace?: UserNamespace;
}

/** The whole configuration of one sandbox; the security context has namespaces only where the pod has one (defaulting sets it). */
export function sandboxConfig(input: SandboxConfigInput): PodSandboxConfig {
  const { pod, attempt, dns } = input;
  const { name = "", namespace = "", uid = "", annotations } = pod.metadata ?? {};
  const ports = portMappings(pod);
  return {
    metadata: { name, uid, namespace, attempt },
    ...(pod.spec?.hostNetwork !== true && { hostname: input.hostname }),
    logDirectory: input.logDirectory ?? podLogDirectory({ name, namespace, uid }),
    ...(dns !== undefined && { dnsConfig: dns }),
    ...(ports.length > 0 && { portMappings: ports }),
    labels: sandboxLabels(pod),
    annotations: annotations ?? {},
    linux: linuxConfig(input),
  };
}

function linuxConfig(input: SandboxConfigInput): LinuxPodSandboxConfig {
  const { pod, cgroupParent = "" } = input;
  const sysctls = pod.spec?.securityContext?.sysctls ?? [];
  return {
    ...(cgroupParent !== "" && { cgroupParent }),
    securityContext: securityContext(input),
    ...(sysctls.length > 0 && { sysctls: Object.fromEntries(sysctls.map(({ name, value }) => [name, value])) }),
    overhead: overheadLinuxResources(pod, input),
    resources: sandboxLinuxResources(pod, input),
  };
}

/** The sandbox's own process always runs under the runtime's seccomp profile, whatever the containers have. */
function securityContext({ pod, extraGroups, userNamespace }: SandboxConfigInput): LinuxSandboxSecurityContext {
  const base = { privileged: hasPrivilegedContainer(pod), ...SECCOMP_RUNTIME_DEFAULT };
  const context = pod.spec?.securityContext;
  if (context == null) return base;
  const { runAsUser, runAsGroup, seLinuxOptions } = context;
  const groups = podGroups(pod, extraGroups);
  return {
    ...base,
    namespaceOptions: podNamespaces(pod, "", userNamespace),
    ...(runAsUser != null && { runAsUser }),
    ...(runAsGroup != null && { runAsGroup }),
    ...(groups.length > 0 && { supplementalGroups: groups }),
    ...groupsPolicy(pod),
    ...(seLinuxOptions != null && { selinuxOptions: toSeLinuxOption(seLinuxOptions) }),
  };
}

/** A sandbox must be privileged for any container of the pod to be. */
function hasPrivilegedContainer(pod: Pod): boolean {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const all: readonly Pick<Container, "securityContext">[] = [...initContainers, ...containers, ...ephemeralContainers];
  return all.some((container) => container.securityContext?.privileged === true);
}
