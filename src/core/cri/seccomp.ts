/** Seccomp profiles as CRI fields: kubelet kuberuntime/helpers.go fieldSeccompProfile, fieldProfile. */
import type { SeccompProfile } from "../api/types.ts";
import type { SecurityProfile } from "./types.ts";

/** How the node treats containers without a profile, and where profiles lie. */
export interface SeccompOptions {
  /** KubeletConfiguration seccompDefault: no profile means RuntimeDefault instead of Unconfined. */
  readonly seccompDefault: boolean;
  /** Directory of Localhost profiles, absolute. */
  readonly seccompProfileRoot: string;
}

/** The field and the deprecated path that older runtimes read ("" stands for absent there). */
export interface SeccompSetting {
  readonly seccomp: SecurityProfile;
  readonly seccompProfilePath?: string;
}

/** The runtime's own profile. */
export const SECCOMP_RUNTIME_DEFAULT: SeccompSetting = {
  seccomp: { profileType: "RuntimeDefault" },
  seccompProfilePath: "runtime/default",
};
const UNCONFINED: SeccompSetting = { seccomp: { profileType: "Unconfined" }, seccompProfilePath: "unconfined" };
const NO_PROFILE: SeccompSetting = { seccomp: { profileType: "Unconfined" } };

/** The setting for a profile (absent: none is wanted); `error` where a Localhost profile has no name. */
export function seccompSetting(
  profile: SeccompProfile | undefined,
  options: SeccompOptions,
): SeccompSetting | { readonly error: string } {
  switch (profile?.type) {
    case "RuntimeDefault":
      return SECCOMP_RUNTIME_DEFAULT;
    case "Unconfined":
      return UNCONFINED;
    case "Localhost":
      return localhostProfile(profile.localhostProfile ?? "", options.seccompProfileRoot);
    default:
      return options.seccompDefault ? SECCOMP_RUNTIME_DEFAULT : NO_PROFILE;
  }
}

/** Tells an error from a setting. */
export function isSeccompError(setting: object): setting is { readonly error: string } {
  return "error" in setting;
}

function localhostProfile(name: string, root: string): SeccompSetting | { readonly error: string } {
  if (name === "") return { error: "localhostProfile must be set if seccompProfile type is Localhost." };
  const path = cleanPath(`${root}/${name}`);
  return { seccomp: { profileType: "Localhost", localhostRef: path }, seccompProfilePath: `localhost/${path}` };
}

/** An absolute path without `.`, `..` and doubled slashes, as Go's filepath.Clean. */
function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
