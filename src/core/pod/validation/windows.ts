import type { PodSpec, SecurityContext } from "../../api/types.ts";
import { byteLength } from "./byte-length.ts";
import { type FieldError, forbidden, invalid, invalidEach } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { dnsSubdomainErrors } from "./names.ts";
import { containersWithPath } from "./pod-containers.ts";

type WindowsOptions = NonNullable<SecurityContext["windowsOptions"]>;

const MAX_SPEC_KIB = 64;
const MAX_DOMAIN = 256;
const MAX_USER = 104;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\x00-\x1f\x7f]/;
const NETBIOS = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/u;
const DNS_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
const DNS_DOMAIN = new RegExp(`^${DNS_LABEL}(?:\\.${DNS_LABEL})*$`);

/** Source: core/validation validateWindowsSecurityContextOptions. */
export function validateWindowsOptions(options: WindowsOptions | undefined, path: FieldPath): FieldError[] {
  if (options === undefined) return [];
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user } = options;
  const errors: FieldError[] = [];
  if (name !== undefined)
    errors.push(...invalidEach(path.child("gmsaCredentialSpecName"), name, dnsSubdomainErrors(name)));
  const specAt = path.child("gmsaCredentialSpec");
  if (spec === "") errors.push(invalid(specAt, spec, "gmsaCredentialSpec cannot be an empty string"));
  else if (spec !== undefined && byteLength(spec) > MAX_SPEC_KIB * 1024) {
    errors.push(invalid(specAt, spec, `gmsaCredentialSpec size must be under ${MAX_SPEC_KIB} KiB`));
  }
  if (user !== undefined) errors.push(...invalidEach(path.child("runAsUserName"), user, userNameErrors(user)));
  return errors;
}

function userNameErrors(name: string): string[] {
  if (name === "") return ["runAsUserName cannot be an empty string"];
  if (CONTROL.test(name)) return ["runAsUserName cannot contain control characters"];
  const parts = name.split("\\");
  if (parts.length > 2) return ["runAsUserName cannot contain more than one backslash"];
  const domain = parts.length === 2 ? (parts[0] ?? "") : undefined;
  const user = parts.at(-1) ?? "";
  const errors: string[] = [];
  if (domain !== undefined && byteLength(domain) >= MAX_DOMAIN) {
    errors.push(`runAsUserName's Domain length must be under ${MAX_DOMAIN} characters`);
  }
  if (domain !== undefined && !NETBIOS.test(domain) && !DNS_DOMAIN.test(domain)) {
    errors.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  }
  if (user === "") errors.push("runAsUserName's User cannot be empty");
  else if (byteLength(user) > MAX_USER) {
    errors.push(`runAsUserName's User length must not be longer than ${MAX_USER} characters`);
  }
  if (/^[. ]+$/.test(user)) errors.push("runAsUserName's User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    errors.push(`runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`);
  }
  return errors;
}

/** Source: core/validation validateWindowsHostProcessPod. */
export function validateHostProcess(spec: PodSpec, path: FieldPath): FieldError[] {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  const containers = containersWithPath(spec, path);
  const errors: FieldError[] = [];
  let count = 0;
  for (const { container, path: at } of containers) {
    const own = container.securityContext?.windowsOptions?.hostProcess;
    if (own ?? ofPod) count += 1;
    if (ofPod === undefined || own === undefined || ofPod === own) continue;
    const detail = `pod hostProcess value must be identical if both are specified, was ${ofPod}`;
    errors.push(invalid(at.child("securityContext", "windowsOptions", "hostProcess"), own, detail));
  }
  if (count === 0) return errors;
  if (count !== containers.length) {
    const detail = "If pod contains any hostProcess containers then all containers must be HostProcess containers";
    errors.push(invalid(path, "", detail));
  }
  if (spec.hostNetwork !== true) {
    const detail = "hostNetwork must be true if pod contains any hostProcess containers";
    errors.push(invalid(path.child("hostNetwork"), false, detail));
  }
  return errors;
}

/** Source: core/validation validateLinux. */
export function validateLinuxPod(spec: PodSpec, path: FieldPath): FieldError[] {
  const detail = "windows options cannot be set for a linux pod";
  const ofPod = spec.securityContext?.windowsOptions === undefined ? [] : [path];
  const ofContainers = containersWithPath(spec, path)
    .filter(({ container }) => container.securityContext?.windowsOptions !== undefined)
    .map((at) => at.path);
  return [...ofPod, ...ofContainers].map((at) =>
    forbidden(at.child("securityContext").child("windowsOptions"), detail),
  );
}

const CONTAINER_FIELDS = [
  "seLinuxOptions",
  "seccompProfile",
  "capabilities",
  "readOnlyRootFilesystem",
  "privileged",
  "allowPrivilegeEscalation",
  "procMount",
  "runAsUser",
  "runAsGroup",
] as const;

/** What only Linux has. Source: core/validation validateWindows. */
export function validateWindowsPod(spec: PodSpec, path: FieldPath): FieldError[] {
  const context = spec.securityContext ?? {};
  const at = path.child("securityContext");
  const isSet: readonly (readonly [unknown, FieldPath])[] = [
    [context.seLinuxOptions, at.child("seLinuxOptions")],
    [spec.hostUsers, path.child("hostUsers")],
    [spec.hostPID || undefined, path.child("hostPID")],
    [spec.hostIPC || undefined, path.child("hostIPC")],
    [context.seccompProfile, at.child("seccompProfile")],
    [context.fsGroup, at.child("fsGroup")],
    [context.fsGroupChangePolicy, at.child("fsGroupChangePolicy")],
    [context.sysctls, at.child("sysctls")],
    [spec.shareProcessNamespace, path.child("shareProcessNamespace")],
    [context.runAsUser, at.child("runAsUser")],
    [context.runAsGroup, at.child("runAsGroup")],
    [context.supplementalGroups, at.child("supplementalGroups")],
  ];
  const paths = isSet.filter(([value]) => value !== undefined).map(([, where]) => where);
  for (const { container, path: containerPath } of containersWithPath(spec, path)) {
    for (const field of CONTAINER_FIELDS) {
      if (container.securityContext?.[field] !== undefined) {
        paths.push(containerPath.child("securityContext").child(field));
      }
    }
  }
  return paths.map((where) => forbidden(where, "cannot be set for a windows pod"));
}
