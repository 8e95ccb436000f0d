/** Fields that came after 1.26. Source: core/validation (1.34) of each. */
import type { PodSpec } from "../../api/types.ts";
import { byteLength } from "./byte-length.ts";
import { type FieldError, forbidden, invalid, invalidEach, notSupported, required, tooLong } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { dnsSubdomainErrors } from "./names.ts";
import { containersWithPath } from "./pod-containers.ts";

const APPARMOR_TYPES = ["Localhost", "RuntimeDefault", "Unconfined"];
const GROUPS_POLICIES = ["Merge", "Strict"];
const SELINUX_POLICIES = ["MountOption", "Recursive"];
/** What the kernel takes as a host name. */
const MAX_HOSTNAME_BYTES = 64;
const MAX_PROFILE_BYTES = 4095;

export function validateNewerFields(spec: PodSpec, path: FieldPath): FieldError[] {
  const context = spec.securityContext ?? {};
  const at = path.child("securityContext");
  return [
    ...validateAppArmorProfile(context.appArmorProfile, at.child("appArmorProfile")),
    ...containersWithPath(spec, path).flatMap(({ container, path: own }) =>
      validateAppArmorProfile(
        container.securityContext?.appArmorProfile,
        own.child("securityContext").child("appArmorProfile"),
      ),
    ),
    ...oneOf(context.supplementalGroupsPolicy, GROUPS_POLICIES, at.child("supplementalGroupsPolicy")),
    ...oneOf(context.seLinuxChangePolicy, SELINUX_POLICIES, at.child("seLinuxChangePolicy")),
    ...validateHostnameOverride(spec, path.child("hostnameOverride")),
  ];
}

function oneOf(value: string | undefined, known: readonly string[], path: FieldPath): FieldError[] {
  return value === undefined || known.includes(value) ? [] : [notSupported(path, value, known)];
}

interface AppArmorProfile {
  readonly type: string;
  readonly localhostProfile?: string;
}

/** Source: validateAppArmorProfileField. */
function validateAppArmorProfile(profile: AppArmorProfile | undefined, path: FieldPath): FieldError[] {
  if (profile === undefined) return [];
  const { type, localhostProfile } = profile;
  if (type === "") return [required(path.child("type"), "type is required when appArmorProfile is set")];
  if (!APPARMOR_TYPES.includes(type)) return [notSupported(path.child("type"), type, APPARMOR_TYPES)];
  const at = path.child("localhostProfile");
  if (type !== "Localhost") {
    const detail = "can only be set when AppArmor type is Localhost";
    return localhostProfile === undefined ? [] : [invalid(at, localhostProfile, detail)];
  }
  if ((localhostProfile ?? "").trim() === "") return [required(at, "must be set when AppArmor type is Localhost")];
  if (localhostProfile !== localhostProfile?.trim()) {
    return [invalid(at, localhostProfile, "must not be padded with whitespace")];
  }
  return byteLength(localhostProfile ?? "") > MAX_PROFILE_BYTES
    ? [tooLong(at, localhostProfile, MAX_PROFILE_BYTES)]
    : [];
}

function validateHostnameOverride(spec: PodSpec, path: FieldPath): FieldError[] {
  const { hostnameOverride, hostNetwork, setHostnameAsFQDN } = spec;
  if (hostnameOverride === undefined) return [];
  const errors = invalidEach(path, hostnameOverride, dnsSubdomainErrors(hostnameOverride));
  if (byteLength(hostnameOverride) > MAX_HOSTNAME_BYTES)
    errors.push(tooLong(path, hostnameOverride, MAX_HOSTNAME_BYTES));
  if (setHostnameAsFQDN === true) errors.push(forbidden(path, "may not be specified when setHostnameAsFQDN is true"));
  if (hostNetwork === true) errors.push(forbidden(path, "may not be specified when hostNetwork is true"));
  return errors;
}
