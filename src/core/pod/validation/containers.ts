import type { Container, EphemeralContainer, PodSpec } from "../../api/types.ts";
import { isSidecar } from "../restart-policy.ts";
import { validateEnv, validateEnvFrom } from "./container-env.ts";
import { validateVolumeDevices, validateVolumeMounts } from "./container-mounts.ts";
import { validateHostPortConflicts, validatePorts } from "./container-ports.ts";
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  invalidEach,
  notFound,
  notSupported,
  required,
} from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { dnsLabelErrors } from "./names.ts";
import { validateProbesAndHooks } from "./probes.ts";
import { validateResources } from "./resources.ts";
import { validateRestartPolicy } from "./restart-rules.ts";
import { validateSecurityContext } from "./security.ts";
import type { ValidVolumes } from "./volumes.ts";

const PULL_POLICIES = ["Always", "IfNotPresent", "Never"];
const MESSAGE_POLICIES = ["File", "FallbackToLogsOnError"];

/** What checks of containers need of their pod. */
export interface PodContext {
  readonly volumes: ValidVolumes;
  readonly claimNames: ReadonlySet<string>;
}

/** Containers of all three kinds, in the order of the reference. Source: core/validation validateContainers and its siblings. */
export function validateAllContainers(spec: PodSpec, context: PodContext, path: FieldPath): FieldError[] {
  return [
    ...validateRegular(spec, context, path.child("containers")),
    ...validateInit(spec, context, path.child("initContainers")),
    ...validateEphemeral(spec, context, path.child("ephemeralContainers")),
  ];
}

function validateRegular(spec: PodSpec, context: PodContext, path: FieldPath): FieldError[] {
  const { containers, terminationGracePeriodSeconds: graceSeconds } = spec;
  if (containers.length === 0) return [required(path)];
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, container] of containers.entries()) {
    const at = path.index(index);
    errors.push(...validateCommon(container, context, at));
    if (names.has(container.name)) errors.push(duplicate(at.child("name"), container.name));
    names.add(container.name);
    errors.push(...validateProbesAndHooks(container, graceSeconds, at), ...validateRestartPolicy(container, at));
  }
  return [...errors, ...validateHostPortConflicts(containers, path)];
}

function validateInit(spec: PodSpec, context: PodContext, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set(spec.containers.map((container) => container.name));
  for (const [index, container] of (spec.initContainers ?? []).entries()) {
    const at = path.index(index);
    errors.push(...validateCommon(container, context, at));
    if (names.has(container.name)) errors.push(duplicate(at.child("name"), container.name));
    if (container.name !== "") names.add(container.name);
    // One at a time, as they run: the reference therefore counts each as the first.
    errors.push(...validateHostPortConflicts([container], path), ...validateRestartPolicy(container, at));
    if (isSidecar(container)) {
      errors.push(...validateProbesAndHooks(container, spec.terminationGracePeriodSeconds, at));
      continue;
    }
    for (const field of ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const) {
      if (container[field] !== undefined) {
        errors.push(forbidden(at.child(field), "may not be set for init containers"));
      }
    }
  }
  return errors;
}

const EPHEMERAL_DETAIL = "cannot be set for an Ephemeral Container";

function validateEphemeral(spec: PodSpec, context: PodContext, path: FieldPath): FieldError[] {
  const others = new Set([...spec.containers, ...(spec.initContainers ?? [])].map((container) => container.name));
  const names = new Set(others);
  return (spec.ephemeralContainers ?? []).flatMap((container, index) => {
    const at = path.index(index);
    const errors = [...validateCommon(container, context, at), ...validateImageSpace(container, at)];
    if (names.has(container.name)) errors.push(duplicate(at.child("name"), container.name));
    names.add(container.name);
    const target = container.targetContainerName ?? "";
    if (target !== "" && !others.has(target)) errors.push(notFound(at.child("targetContainerName"), target));
    return [...errors, ...validateEphemeralFields(container, at)];
  });
}

const FORBIDDEN_IN_EPHEMERAL = [
  "ports",
  "resources",
  "livenessProbe",
  "readinessProbe",
  "startupProbe",
  "lifecycle",
  "restartPolicy",
  "restartPolicyRules",
] as const;

function validateEphemeralFields(container: EphemeralContainer, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const hasResources = Object.values(container.resources ?? {}).some((part) => part !== undefined);
  for (const field of FORBIDDEN_IN_EPHEMERAL) {
    const isSet = field === "resources" ? hasResources : container[field] !== undefined;
    if (isSet) errors.push(forbidden(path.child(field), EPHEMERAL_DETAIL));
  }
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const at = path.child("volumeMounts").index(index);
    if (mount.subPath) errors.push(forbidden(at.child("subPath"), EPHEMERAL_DETAIL));
    if (mount.subPathExpr) errors.push(forbidden(at.child("subPathExpr"), EPHEMERAL_DETAIL));
  }
  return errors;
}

function validateCommon(container: Container, context: PodContext, path: FieldPath): FieldError[] {
  const { name, image = "", terminationMessagePolicy = "", imagePullPolicy = "" } = container;
  const nameAt = path.child("name");
  const errors = name === "" ? [required(nameAt)] : invalidEach(nameAt, name, dnsLabelErrors(name));
  if (image === "") errors.push(required(path.child("image")));
  errors.push(...oneOf(terminationMessagePolicy, MESSAGE_POLICIES, path.child("terminationMessagePolicy")));
  errors.push(
    ...validatePorts(container.ports ?? [], path.child("ports")),
    ...validateEnv(container.env ?? [], path.child("env")),
    ...validateEnvFrom(container.envFrom ?? [], path.child("envFrom")),
    ...validateVolumeMounts(container, context.volumes, path.child("volumeMounts")),
    ...validateVolumeDevices(container, context.volumes, path.child("volumeDevices")),
    ...oneOf(imagePullPolicy, PULL_POLICIES, path.child("imagePullPolicy")),
    ...validateResources(container.resources ?? {}, context.claimNames, path.child("resources")),
    ...validateSecurityContext(container.securityContext, path.child("securityContext")),
  );
  return errors;
}

function oneOf(value: string, supported: readonly string[], path: FieldPath): FieldError[] {
  if (value === "") return [required(path)];
  return supported.includes(value) ? [] : [notSupported(path, value, supported)];
}

const SPACE_AROUND = /^[\t\n\v\f\r \u0085\p{Z}]|[\t\n\v\f\r \u0085\p{Z}]$/u;

/** Source: core/validation validateContainerOnlyForPod. */
export function validateImageSpace(container: Container, path: FieldPath): FieldError[] {
  const image = container.image ?? "";
  if (!SPACE_AROUND.test(image)) return [];
  return [invalid(path.child("image"), image, "must not have leading or trailing whitespace")];
}
