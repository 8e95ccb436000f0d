/** AppArmor profiles: the fields of 1.30 and the annotations before them. Source: kubelet kuberuntime/helpers.go, security/apparmor. */
import type { Container, Pod } from "../api/types.ts";
import type { SecurityProfile } from "./types.ts";

/** The annotation of a container's profile, before its name. */
export const APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/";

/** The field and the deprecated one that older runtimes read; an annotation gives the deprecated one alone, as ever. */
export interface AppArmorSetting {
  readonly apparmor?: SecurityProfile;
  readonly apparmorProfile?: string;
}

/** The container's field, else the pod's, else the annotation; empty: none is asked for, and the runtime decides. */
export function appArmorSetting(pod: Pod, container: Container): AppArmorSetting {
  const field = container.securityContext?.appArmorProfile ?? pod.spec?.securityContext?.appArmorProfile;
  if (field == null) {
    const annotation = pod.metadata?.annotations?.[APPARMOR_ANNOTATION + container.name] ?? "";
    return annotation === "" ? {} : { apparmorProfile: annotation };
  }
  switch (field.type) {
    case "Unconfined":
      return { apparmor: { profileType: "Unconfined" }, apparmorProfile: "unconfined" };
    case "Localhost": {
      const localhostRef = field.localhostProfile ?? "";
      return { apparmor: { profileType: "Localhost", localhostRef }, apparmorProfile: `localhost/${localhostRef}` };
    }
    default:
      return { apparmor: { profileType: "RuntimeDefault" }, apparmorProfile: "runtime/default" };
  }
}

/** Whether any container asks to be confined, so that a machine without AppArmor cannot do as the pod says. */
export function needsAppArmor(pod: Pod): boolean {
  const { containers = [], initContainers = [], securityContext } = pod.spec ?? {};
  if (confines(securityContext?.appArmorProfile)) return true;
  return [...initContainers, ...containers].some(({ name, securityContext: own }) => {
    const annotation = pod.metadata?.annotations?.[APPARMOR_ANNOTATION + name] ?? "";
    return confines(own?.appArmorProfile) || (annotation !== "" && annotation !== "unconfined");
  });
}

function confines(profile: { readonly type: string } | null | undefined): boolean {
  return profile != null && profile.type !== "Unconfined";
}
