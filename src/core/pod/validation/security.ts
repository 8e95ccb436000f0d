import type { PodSpec, SeccompProfile, SecurityContext } from "../../api/types.ts";
import { byteLength } from "./byte-length.ts";
import { validateHostNetworkPorts } from "./container-ports.ts";
import { duplicate, type FieldError, forbidden, invalid, invalidEach, notSupported, required } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { goStruct, pointer } from "./go-struct.ts";
import { userIdErrors } from "./names.ts";
import { validateRelativePath } from "./paths.ts";
import { validateWindowsOptions } from "./windows.ts";

const PROC_MOUNTS = ["Default", "Unmasked"];
const SECCOMP_TYPES = ["Localhost", "RuntimeDefault", "Unconfined"];
const GROUP_CHANGE_POLICIES = ["Always", "OnRootMismatch"];

/** Security settings of a container; privileged ones are allowed here. Source: core/validation ValidateSecurityContext. */
export function validateSecurityContext(context: SecurityContext | undefined, path: FieldPath): FieldError[] {
  if (context === undefined) return [];
  const { runAsUser, runAsGroup, procMount } = context;
  const errors: FieldError[] = [];
  if (runAsUser !== undefined) errors.push(...invalidEach(path.child("runAsUser"), runAsUser, userIdErrors(runAsUser)));
  if (runAsGroup !== undefined) {
    errors.push(...invalidEach(path.child("runAsGroup"), runAsGroup, userIdErrors(runAsGroup)));
  }
  if (procMount !== undefined && !PROC_MOUNTS.includes(procMount)) {
    errors.push(notSupported(path.child("procMount"), procMount, PROC_MOUNTS));
  }
  errors.push(...validateSeccompProfile(context.seccompProfile, path.child("seccompProfile")));
  errors.push(...validateEscalation(context, path));
  errors.push(...validateWindowsOptions(context.windowsOptions, path.child("windowsOptions")));
  return errors;
}

function validateEscalation(context: SecurityContext, path: FieldPath): FieldError[] {
  if (context.allowPrivilegeEscalation !== false) return [];
  const errors: FieldError[] = [];
  if (context.privileged === true) {
    const detail = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
    errors.push(invalid(path, goSecurityContext(context), detail));
  }
  const admin = (context.capabilities?.add ?? []).filter((capability) => capability === "CAP_SYS_ADMIN");
  const detail = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
  return [...errors, ...admin.map(() => invalid(path, goSecurityContext(context), detail))];
}

function goSecurityContext(context: SecurityContext): unknown {
  return goStruct("core.SecurityContext", {
    Capabilities: pointer("core.Capabilities", context.capabilities),
    Privileged: pointer("bool", context.privileged),
    SELinuxOptions: pointer("core.SELinuxOptions", context.seLinuxOptions),
    WindowsOptions: pointer("core.WindowsSecurityContextOptions", context.windowsOptions),
    RunAsUser: pointer("int64", context.runAsUser),
    RunAsGroup: pointer("int64", context.runAsGroup),
    RunAsNonRoot: pointer("bool", context.runAsNonRoot),
    ReadOnlyRootFilesystem: pointer("bool", context.readOnlyRootFilesystem),
    AllowPrivilegeEscalation: pointer("bool", context.allowPrivilegeEscalation),
    ProcMount: pointer("core.ProcMountType", context.procMount),
    SeccompProfile: pointer("core.SeccompProfile", context.seccompProfile),
  });
}

function validateSeccompProfile(profile: SeccompProfile | undefined, path: FieldPath): FieldError[] {
  if (profile === undefined) return [];
  const { type, localhostProfile } = profile;
  const errors: FieldError[] = [];
  if (type === "") errors.push(required(path.child("type"), "type is required when seccompProfile is set"));
  else if (!SECCOMP_TYPES.includes(type)) errors.push(notSupported(path.child("type"), type, SECCOMP_TYPES));
  const at = path.child("localhostProfile");
  if (type === "Localhost") {
    if (localhostProfile === undefined) errors.push(required(at, "must be set when seccomp type is Localhost"));
    else errors.push(...validateRelativePath(localhostProfile, at));
  } else if (localhostProfile !== undefined) {
    const value = goStruct("core.SeccompProfile", {
      Type: type,
      LocalhostProfile: pointer("string", localhostProfile),
    });
    errors.push(invalid(at, value, "can only be set when seccomp type is Localhost"));
  }
  return errors;
}

/** Security settings of the pod, and what depends on its host namespaces. Source: core/validation ValidatePodSecurityContext. */
export function validatePodSecurity(spec: PodSpec, specPath: FieldPath): FieldError[] {
  const context = spec.securityContext;
  const path = specPath.child("securityContext");
  if (context === undefined) return [];
  const errors =
    spec.hostNetwork === true ? validateHostNetworkPorts(spec.containers, specPath.child("containers")) : [];
  for (const field of ["fsGroup", "runAsUser", "runAsGroup"] as const) {
    const id = context[field];
    if (id !== undefined) errors.push(...invalidEach(path.child(field), id, userIdErrors(id)));
  }
  for (const [index, group] of (context.supplementalGroups ?? []).entries()) {
    errors.push(...invalidEach(path.child("supplementalGroups").index(index), group, userIdErrors(group)));
  }
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    const detail = "ShareProcessNamespace and HostPID cannot both be enabled";
    errors.push(invalid(path.child("shareProcessNamespace"), true, detail));
  }
  errors.push(...validateSysctls(context.sysctls ?? [], path.child("sysctls")));
  const policy = context.fsGroupChangePolicy;
  if (policy !== undefined && !GROUP_CHANGE_POLICIES.includes(policy)) {
    errors.push(notSupported(path.child("fsGroupChangePolicy"), policy, GROUP_CHANGE_POLICIES));
  }
  errors.push(...validateSeccompProfile(context.seccompProfile, path.child("seccompProfile")));
  errors.push(...validateWindowsOptions(context.windowsOptions, path.child("windowsOptions")));
  return errors;
}

const SYSCTL_SEGMENT = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const SYSCTL = `^(${SYSCTL_SEGMENT}[\\./])*${SYSCTL_SEGMENT}$`;
const SYSCTL_PATTERN = new RegExp(SYSCTL);
const MAX_SYSCTL = 253;

function validateSysctls(sysctls: readonly { readonly name: string }[], path: FieldPath): FieldError[] {
  const seen = new Set<string>();
  return sysctls.flatMap(({ name }, index) => {
    const at = path.index(index).child("name");
    const isRepeated = seen.has(name);
    seen.add(name);
    if (name === "") return [required(at)];
    if (byteLength(name) > MAX_SYSCTL || !SYSCTL_PATTERN.test(name)) {
      return [invalid(at, name, `must have at most ${MAX_SYSCTL} characters and match regex ${SYSCTL}`)];
    }
    return isRepeated ? [duplicate(at, name)] : [];
  });
}

const PRIVATE_VOLUMES = ["emptyDir", "secret", "downwardAPI", "configMap", "projected"] as const;

/** A pod with a user namespace of its own shares no other with the host. Source: core/validation validateHostUsers. */
export function validateHostUsers(spec: PodSpec, path: FieldPath): FieldError[] {
  if (spec.hostUsers !== false) return [];
  const errors: FieldError[] = [];
  for (const [index, volume] of (spec.volumes ?? []).entries()) {
    if (PRIVATE_VOLUMES.some((field) => volume[field] !== undefined)) continue;
    const detail = "volume type not supported when `pod.Spec.HostUsers` is false";
    errors.push(forbidden(path.child("volumes").index(index), detail));
  }
  const detail = "when `pod.Spec.HostUsers` is false";
  if (spec.hostNetwork === true) errors.push(forbidden(path.child("hostNetwork"), detail));
  if (spec.hostPID === true) errors.push(forbidden(path.child("HostPID"), detail));
  if (spec.hostIPC === true) errors.push(forbidden(path.child("HostIPC"), detail));
  return errors;
}
