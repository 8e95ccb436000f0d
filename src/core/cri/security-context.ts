/**
 * Security settings of a container: kubelet securitycontext/util.go, kuberuntime/security_context.go,
 * kuberuntime/helpers.go.
 */
import type { Container, Pod, SeccompProfile, SecurityContext } from "../api/types.ts";
import { podText } from "../pod/names.ts";
import { appArmorSetting } from "./apparmor.ts";
import { podNamespaces } from "./namespaces.ts";
import { isSeccompError, type SeccompOptions, seccompSetting } from "./seccomp.ts";
import type {
  Capability,
  LinuxContainerSecurityContext,
  SeLinuxOption,
  SupplementalGroupsPolicy,
  UserNamespace,
} from "./types.ts";

/** User of the image's configuration; both absent: root. */
export interface ImageUser {
  readonly uid?: number;
  /** Counts only without `uid`. */
  readonly username?: string;
}

const MASKED_PATHS = [
  "/proc/acpi",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
];
const READONLY_PATHS = ["/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/** The container's settings, with the pod's where it has none of its own. */
export function effectiveSecurityContext(pod: Pod, container: Container): SecurityContext {
  const { seLinuxOptions, runAsUser, runAsGroup, runAsNonRoot } = pod.spec?.securityContext ?? {};
  const own = Object.fromEntries(Object.entries(container.securityContext ?? {}).filter(([, value]) => value != null));
  return {
    ...(seLinuxOptions != null && { seLinuxOptions }),
    ...(runAsUser != null && { runAsUser }),
    ...(runAsGroup != null && { runAsGroup }),
    ...(runAsNonRoot != null && { runAsNonRoot }),
    ...own,
  };
}

/** Why the container must not start because of runAsNonRoot; `undefined`: it may. */
export function nonRootViolation(pod: Pod, container: Container, image: ImageUser): string | undefined {
  const { runAsNonRoot = false, runAsUser } = effectiveSecurityContext(pod, container);
  if (!runAsNonRoot) return undefined;
  const where = `(pod: "${podText(pod)}", container: ${container.name})`;
  if (runAsUser !== undefined) {
    return runAsUser === 0 ? `container's runAsUser breaks non-root policy ${where}` : undefined;
  }
  const { uid, username } = imageUser(image);
  if (uid === 0) return `container has runAsNonRoot and image will run as root ${where}`;
  if (uid !== undefined || username === "") return undefined;
  return `container has runAsNonRoot and image has non-numeric user (${username}), cannot verify user is non-root ${where}`;
}

/** An image that names no user runs as root. */
function imageUser({ uid, username = "" }: ImageUser): { readonly uid: number | undefined; readonly username: string } {
  if (uid !== undefined) return { uid, username: "" };
  return username === "" ? { uid: 0, username: "" } : { uid: undefined, username };
}

/** A container, its image's user and what the node adds to both. */
export interface SecurityContextInput extends SeccompOptions {
  readonly pod: Pod;
  readonly container: Container;
  readonly image: ImageUser;
  /** Container whose process namespace this one joins (ephemeral containers). */
  readonly targetContainerId?: string;
  /** Groups that volumes bring (persistent volume annotation). */
  readonly extraGroups?: readonly number[];
  /** That of the pod's sandbox; absent: the machine's users. */
  readonly userNamespace?: UserNamespace;
}

/** The security settings the runtime gets; `error` is the text of CreateContainerConfigError. */
export function linuxSecurityContext(
  input: SecurityContextInput,
): LinuxContainerSecurityContext | { readonly error: string } {
  const { pod, container } = input;
  const effective = effectiveSecurityContext(pod, container);
  const seccomp = seccompSetting(profileOf(pod, container), input);
  if (isSeccompError(seccomp)) return seccomp;
  const groups = podGroups(pod, input.extraGroups);
  return {
    ...userSettings(effective, input.image),
    ...(effective.capabilities != null && { capabilities: toCapability(effective.capabilities) }),
    ...(effective.seLinuxOptions != null && { selinuxOptions: toSeLinuxOption(effective.seLinuxOptions) }),
    privileged: effective.privileged ?? false,
    readonlyRootfs: effective.readOnlyRootFilesystem ?? false,
    noNewPrivs: effective.allowPrivilegeEscalation === false,
    namespaceOptions: podNamespaces(pod, input.targetContainerId, input.userNamespace),
    ...(groups.length > 0 && { supplementalGroups: groups }),
    ...groupsPolicy(pod),
    ...appArmorSetting(pod, container),
    ...procPaths(effective),
    ...seccomp,
  };
}

function profileOf(pod: Pod, container: Container): SeccompProfile | undefined {
  return container.securityContext?.seccompProfile ?? pod.spec?.securityContext?.seccompProfile ?? undefined;
}

function userSettings(effective: SecurityContext, image: ImageUser): LinuxContainerSecurityContext {
  const group = effective.runAsGroup === undefined ? {} : { runAsGroup: effective.runAsGroup };
  if (effective.runAsUser !== undefined) return { runAsUser: effective.runAsUser, ...group };
  const { uid, username } = imageUser(image);
  return { ...(uid === undefined ? { runAsUsername: username } : { runAsUser: uid }), ...group };
}

/** fsGroup first, then groups of volumes, then supplementalGroups; a group may come twice. */
export function podGroups(pod: Pod, extraGroups: readonly number[] = []): readonly number[] {
  const { fsGroup, supplementalGroups } = pod.spec?.securityContext ?? {};
  if (pod.spec?.securityContext == null) return [];
  return [...(fsGroup == null ? [] : [fsGroup]), ...extraGroups, ...(supplementalGroups ?? [])];
}

/** Merge is what runtimes without the field do. */
export function groupsPolicy(pod: Pod): { readonly supplementalGroupsPolicy?: SupplementalGroupsPolicy } {
  const isStrict = pod.spec?.securityContext?.supplementalGroupsPolicy === "Strict";
  return isStrict ? { supplementalGroupsPolicy: "Strict" } : {};
}

function procPaths(effective: SecurityContext): LinuxContainerSecurityContext {
  if (effective.procMount === "Unmasked") return { maskedPaths: [], readonlyPaths: [] };
  return { maskedPaths: MASKED_PATHS, readonlyPaths: READONLY_PATHS };
}

function toCapability({ add, drop }: NonNullable<SecurityContext["capabilities"]>): Capability {
  return { addCapabilities: add ?? [], dropCapabilities: drop ?? [] };
}

/** Parts that are absent are "". */
export function toSeLinuxOption(options: NonNullable<SecurityContext["seLinuxOptions"]>): SeLinuxOption {
  const { user = "", role = "", type = "", level = "" } = options;
  return { user, role, type, level };
}
