import { goQuote } from "../../api/go-quote.ts";
import type { Pod, PodSpec, SeccompProfile, Toleration } from "../../api/types.ts";
import { parseJson } from "../../manifest/json-text.ts";
import type { ManifestNode } from "../../manifest/manifest-node.ts";
import { type FieldError, forbidden, invalid } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { validateRelativePath } from "./paths.ts";
import { containersWithPath } from "./pod-containers.ts";
import { validateTolerations } from "./tolerations.ts";

const MIRROR = "kubernetes.io/config.mirror";
const TOLERATIONS = "scheduler.alpha.kubernetes.io/tolerations";
const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";
const SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/";
const SECCOMP_LOCALHOST = "localhost/";
const APPARMOR = "container.apparmor.security.beta.kubernetes.io/";
const RUNTIME_DEFAULTS: ReadonlySet<string> = new Set(["runtime/default", "docker/default"]);

type Annotations = Readonly<Record<string, string>>;

/** Annotations that mean something to a pod. Source: core/validation ValidatePodSpecificAnnotations. */
export function validatePodAnnotations(annotations: Annotations, spec: PodSpec, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const mirror = annotations[MIRROR];
  if (mirror !== undefined && !spec.nodeName) {
    errors.push(invalid(path.key(MIRROR), mirror, "must set spec.nodeName if mirror pod annotation is set"));
  }
  errors.push(...validateTolerationsAnnotation(annotations[TOLERATIONS] ?? "", path));
  const cost = annotations[DELETION_COST];
  if (cost !== undefined && !isInt32(cost)) {
    errors.push(invalid(path.key(DELETION_COST), cost, "must be a 32bit integer"));
  }
  errors.push(...validateSeccompAnnotations(annotations, path));
  errors.push(...validateAppArmorAnnotations(annotations, spec, path));
  return errors;
}

function isInt32(text: string): boolean {
  if (!/^(?:0|-[0-9]+|[1-9][0-9]*)$/.test(text) || text.length > 11) return false;
  const value = Number(text);
  return value >= -2147483648 && value <= 2147483647;
}

function validateTolerationsAnnotation(text: string, path: FieldPath): FieldError[] {
  if (text === "") return [];
  const parsed = parseJson(text);
  if ("error" in parsed) return [invalid(path, TOLERATIONS, parsed.error)];
  const items = parsed.kind === "list" ? parsed.items : [];
  const tolerations = items.map(readToleration);
  return validateTolerations(tolerations, path.child(TOLERATIONS));
}

/** The annotation holds Go's internal type, whose fields match in any case. */
function readToleration(node: ManifestNode): Toleration {
  const read: Record<string, string | number> = {};
  for (const entry of node.kind === "map" ? node.entries : []) {
    const name = entry.key.toLowerCase();
    if (entry.value.kind === "string") read[name] = entry.value.value;
    else if (entry.value.kind === "number") read[name] = Number(entry.value.text);
  }
  const text = (name: string) => String(read[name] ?? "");
  const seconds = read["tolerationseconds"];
  return {
    key: text("key"),
    operator: text("operator"),
    value: text("value"),
    effect: text("effect"),
    ...(typeof seconds === "number" && { tolerationSeconds: seconds }),
  };
}

function validateSeccompAnnotations(annotations: Annotations, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const pod = annotations[SECCOMP_POD];
  if (pod !== undefined) errors.push(...validateSeccompName(pod, path.child(SECCOMP_POD)));
  for (const [key, profile] of Object.entries(annotations)) {
    if (key.startsWith(SECCOMP_CONTAINER)) errors.push(...validateSeccompName(profile, path.child(key)));
  }
  return errors;
}

function validateSeccompName(profile: string, path: FieldPath): FieldError[] {
  if (RUNTIME_DEFAULTS.has(profile) || profile === "unconfined") return [];
  if (profile.startsWith(SECCOMP_LOCALHOST)) {
    return validateRelativePath(profile.slice(SECCOMP_LOCALHOST.length), path);
  }
  return [invalid(path, profile, "must be a valid seccomp profile")];
}

function validateAppArmorAnnotations(annotations: Annotations, spec: PodSpec, path: FieldPath): FieldError[] {
  const names = new Set(containersWithPath(spec, path).map(({ container }) => container.name));
  const errors: FieldError[] = [];
  for (const [key, profile] of Object.entries(annotations)) {
    if (!key.startsWith(APPARMOR)) continue;
    const container = key.slice(APPARMOR.length);
    if (!names.has(container)) errors.push(invalid(path.key(key), container, "container not found"));
    if (!isAppArmorProfile(profile)) {
      errors.push(invalid(path.key(key), profile, `invalid AppArmor profile name: ${goQuote(profile)}`));
    }
  }
  return errors;
}

function isAppArmorProfile(profile: string): boolean {
  return ["", "runtime/default", "unconfined"].includes(profile) || profile.startsWith("localhost/");
}

/** Annotation and field must say the same. Source: core/validation validateSeccompAnnotationsAndFields. */
export function validateSeccompMatch(pod: Pod, specPath: FieldPath): FieldError[] {
  const annotations = pod.metadata?.annotations ?? {};
  const spec = pod.spec ?? { containers: [] };
  const errors: FieldError[] = [];
  const check = (key: string, profile: SeccompProfile | undefined, path: FieldPath): void => {
    const annotation = annotations[key];
    if (annotation === undefined || profile === undefined) return;
    errors.push(...seccompMismatch(annotation, profile, path.child("securityContext").child("seccompProfile")));
  };
  check(SECCOMP_POD, spec.securityContext?.seccompProfile, specPath);
  for (const { container, path } of containersWithPath(spec, specPath)) {
    check(SECCOMP_CONTAINER + container.name, container.securityContext?.seccompProfile, path);
  }
  return errors;
}

function seccompMismatch(annotation: string, profile: SeccompProfile, path: FieldPath): FieldError[] {
  const typeDiffers = [forbidden(path.child("type"), "seccomp type in annotation and field must match")];
  switch (profile.type) {
    case "Unconfined":
      return annotation === "unconfined" ? [] : typeDiffers;
    case "RuntimeDefault":
      return RUNTIME_DEFAULTS.has(annotation) ? [] : typeDiffers;
    case "Localhost": {
      if (!annotation.startsWith(SECCOMP_LOCALHOST)) return typeDiffers;
      if (annotation.slice(SECCOMP_LOCALHOST.length) === profile.localhostProfile) return [];
      return [forbidden(path.child("localhostProfile"), "seccomp profile in annotation and field must match")];
    }
    default:
      return [];
  }
}
