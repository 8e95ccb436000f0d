import type { ObjectMeta, PodSpec } from "../../api/types.ts";
import { validateAffinity } from "./affinity.ts";
import { validateAllContainers } from "./containers.ts";
import { duplicate, type FieldError, invalid, invalidEach, notSupported, required } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { validateLabelName, validateLabels } from "./labels.ts";
import { dnsLabelErrors, dnsSubdomainErrors, rangeError } from "./names.ts";
import { validateDnsConfig, validateHostAliases } from "./pod-network.ts";
import { validateResourceClaims } from "./resource-claims.ts";
import { validateResources } from "./resources.ts";
import type { ValidationRules } from "./rules.ts";
import { validateHostUsers, validatePodSecurity } from "./security.ts";
import { validateTolerations } from "./tolerations.ts";
import { validateTopologySpread } from "./topology-spread.ts";
import { validateVolumes } from "./volumes.ts";
import { validateHostProcess, validateLinuxPod, validateWindowsPod } from "./windows.ts";

const RESTART_POLICIES = ["Always", "OnFailure", "Never"];
const DNS_POLICIES = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const PREEMPTION_POLICIES = ["PreemptLowerPriority", "Never"];
const OPERATING_SYSTEMS = ["linux", "windows"];
const MAX_DEADLINE_SECONDS = 2147483647;

/** Source: core/validation ValidatePodSpec. Errors come in its order. */
export function validatePodSpec(
  spec: PodSpec,
  meta: ObjectMeta,
  path: FieldPath,
  rules: ValidationRules,
): FieldError[] {
  const { volumes, errors } = validateVolumes(spec.volumes ?? [], meta, path.child("volumes"));
  const claims = spec.resourceClaims ?? [];
  const claimNames = new Set(claims.map((claim) => claim.name).filter((name) => name !== ""));
  return [
    ...errors,
    ...validateResourceClaims(claims, path.child("resourceClaims")),
    ...validateAllContainers(spec, { volumes, claimNames }, path),
    ...oneOf(spec.restartPolicy, RESTART_POLICIES, path.child("restartPolicy")),
    ...oneOf(spec.dnsPolicy, DNS_POLICIES, path.child("dnsPolicy")),
    ...validateLabels(spec.nodeSelector, path.child("nodeSelector")),
    ...validatePodSecurity(spec, path),
    ...validateAffinity(spec.affinity, path.child("affinity")),
    ...validateDnsConfig(spec, path.child("dnsConfig"), rules),
    ...validateReadinessGates(spec, path.child("readinessGates")),
    ...validateSchedulingGates(spec, path.child("schedulingGates")),
    ...validateTopologySpread(spec.topologySpreadConstraints ?? [], path.child("topologySpreadConstraints")),
    ...validateHostProcess(spec, path),
    ...validateHostUsers(spec, path),
    ...validateNames(spec, path),
    ...validateRest(spec, path),
  ];
}

function oneOf(value: string | undefined, supported: readonly string[], path: FieldPath): FieldError[] {
  if (!value) return [required(path)];
  return supported.includes(value) ? [] : [notSupported(path, value, supported)];
}

function validateReadinessGates(spec: PodSpec, path: FieldPath): FieldError[] {
  return (spec.readinessGates ?? []).flatMap((gate, index) =>
    validateLabelName(gate.conditionType, path.index(index).child("conditionType")),
  );
}

function validateSchedulingGates(spec: PodSpec, path: FieldPath): FieldError[] {
  const seen = new Set<string>();
  return (spec.schedulingGates ?? []).flatMap(({ name }, index) => {
    const errors = name === "" ? [required(path.index(index), "must not be empty")] : [];
    if (seen.has(name)) errors.push(duplicate(path.index(index), name));
    seen.add(name);
    return errors;
  });
}

function validateNames(spec: PodSpec, path: FieldPath): FieldError[] {
  const { serviceAccountName, nodeName, hostname, subdomain } = spec;
  const errors: FieldError[] = [];
  const check = (field: string, name: string | undefined, wrong: (name: string) => string[]): void => {
    if (name) errors.push(...invalidEach(path.child(field), name, wrong(name)));
  };
  check("serviceAccountName", serviceAccountName, dnsSubdomainErrors);
  check("nodeName", nodeName, dnsSubdomainErrors);
  errors.push(...validateDeadline(spec.activeDeadlineSeconds, path.child("activeDeadlineSeconds")));
  check("hostname", hostname, dnsLabelErrors);
  check("subdomain", subdomain, dnsLabelErrors);
  return errors;
}

function validateDeadline(seconds: number | undefined, path: FieldPath): FieldError[] {
  if (seconds === undefined || (seconds >= 1 && seconds <= MAX_DEADLINE_SECONDS)) return [];
  return [invalid(path, seconds, rangeError(1, MAX_DEADLINE_SECONDS))];
}

function validateRest(spec: PodSpec, path: FieldPath): FieldError[] {
  const { priorityClassName, runtimeClassName, preemptionPolicy, overhead } = spec;
  const errors = [
    ...validateTolerations(spec.tolerations ?? [], path.child("tolerations")),
    ...validateHostAliases(spec.hostAliases ?? [], path.child("hostAliases")),
  ];
  if (priorityClassName) {
    const at = path.child("priorityClassName");
    errors.push(...invalidEach(at, priorityClassName, dnsSubdomainErrors(priorityClassName)));
  }
  if (runtimeClassName !== undefined) {
    const at = path.child("runtimeClassName");
    errors.push(...invalidEach(at, runtimeClassName, dnsSubdomainErrors(runtimeClassName)));
  }
  if (preemptionPolicy !== undefined) {
    errors.push(...oneOf(preemptionPolicy, PREEMPTION_POLICIES, path.child("preemptionPolicy")));
  }
  if (overhead !== undefined) {
    errors.push(...validateResources({ limits: overhead }, new Set(), path.child("overhead")));
  }
  return [...errors, ...validateOs(spec, path)];
}

function validateOs(spec: PodSpec, path: FieldPath): FieldError[] {
  const name = spec.os?.name;
  if (name === undefined) return [];
  if (name === "") return [required(path.child("os").child("name"), "cannot be empty")];
  if (!OPERATING_SYSTEMS.includes(name)) return [notSupported(path.child("os"), name, OPERATING_SYSTEMS)];
  return name === "linux" ? validateLinuxPod(spec, path) : validateWindowsPod(spec, path);
}
