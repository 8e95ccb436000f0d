/** The environment of a container: kubelet kubelet_pods.go makeEnvironmentVariables. */
import type { Container, EnvFromSource, EnvVar, Pod, ResourceList, Service } from "../api/types.ts";
import { boundedLookup, expand, lookupIn, MAX_EXPANDED_CHARACTERS } from "../expansion/expand.ts";
import { type EnvironmentObjects, keyValues, type ObjectReference } from "./environment-objects.ts";
import { serviceEnvironment } from "./environment-services.ts";
import { type FieldContext, fieldValue } from "./field-ref.ts";
import { resourceValue } from "./resource-ref.ts";
import { envVarNameErrors } from "./validation/names.ts";

/** A variable with its final value. */
export interface EnvironmentVariable {
  readonly name: string;
  readonly value: string;
}

/** A container and everything its variables may be taken from. */
export interface EnvironmentInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly objects: EnvironmentObjects;
  /** All services that the node knows; empty without a control plane. */
  readonly services: readonly Service[];
  readonly podIps: readonly string[];
  /** The node's addresses, primary first. */
  readonly hostIps: readonly string[];
  /** What the node can give, for limits that the container does not set. */
  readonly allocatable: ResourceList;
}

/** An event about the pod that is due. */
export interface EnvironmentEvent {
  readonly type: "Warning";
  readonly reason: "InvalidEnvironmentVariableNames";
  readonly message: string;
}

/**
 * `environment` has each name once: the pod's own in the order of the spec (envFrom first), then the services'. `error` is
 * the text of CreateContainerConfigError. The events were due either way.
 */
export type EnvironmentResult = {
  readonly events: readonly EnvironmentEvent[];
} & ({ readonly environment: readonly EnvironmentVariable[] } | { readonly error: string });

/** All variables of a container: envFrom, then env, which sees them and the services', then the services' others. */
export function containerEnvironment(input: EnvironmentInput): EnvironmentResult {
  const { pod, container } = input;
  const links = pod.spec?.enableServiceLinks;
  if (links == null) {
    return { error: "nil pod.spec.enableServiceLinks encountered, cannot construct envvars", events: [] };
  }
  const services = serviceEnvironment(input.services, pod.metadata?.namespace ?? "", links);
  const variables = new Map<string, string>();
  const events: EnvironmentEvent[] = [];
  for (const source of container.envFrom ?? []) {
    const error = takeAll(source, input, variables, events);
    if (error !== undefined) return { error, events };
  }
  const { lookup, isSpent } = boundedLookup(lookupIn(variables, services));
  let taken = 0;
  for (const variable of container.env ?? []) {
    const value = variable.value ?? "";
    const outcome = value === "" ? valueFrom(variable, input) : { value: expand(value, lookup) };
    if ("error" in outcome) return { error: outcome.error, events };
    if ("value" in outcome) {
      variables.set(variable.name, outcome.value);
      taken += outcome.value.length;
    }
    if (isSpent() || taken > MAX_EXPANDED_CHARACTERS) {
      return { error: `the environment is longer than 16 MiB with variable ${variable.name}`, events };
    }
  }
  const all = new Map([...variables, ...[...services].filter(([name]) => !variables.has(name))]);
  return { environment: [...all].map(([name, value]) => ({ name, value })), events };
}

/** Adds the keys of one envFrom source to `variables`; what it gives back is an error. */
function takeAll(
  source: EnvFromSource,
  input: EnvironmentInput,
  variables: Map<string, string>,
  events: EnvironmentEvent[],
): string | undefined {
  const reference = sourceReference(source);
  if (reference === undefined) return undefined;
  const outcome = keyValues(reference, input.objects);
  if ("error" in outcome) return outcome.error;
  if ("skipped" in outcome) return undefined;
  const invalid: string[] = [];
  for (const [key, value] of outcome.values) {
    const name = (source.prefix ?? "") + key;
    if (envVarNameErrors(name).length === 0) variables.set(name, value);
    else invalid.push(name);
  }
  if (invalid.length > 0) events.push(skippedKeys(reference, input.pod, invalid.sort()));
  return undefined;
}

function sourceReference({ configMapRef, secretRef }: EnvFromSource): ObjectReference | undefined {
  if (configMapRef != null) return reference("ConfigMap", configMapRef);
  return secretRef == null ? undefined : reference("Secret", secretRef);
}

function reference(
  kind: ObjectReference["kind"],
  { name = "", optional }: { readonly name?: string; readonly optional?: boolean },
): ObjectReference {
  return { kind, name, optional: optional ?? false };
}

function skippedKeys({ kind, name }: ObjectReference, pod: Pod, keys: readonly string[]): EnvironmentEvent {
  const source = `${kind === "ConfigMap" ? "configMap" : "secret"} ${pod.metadata?.namespace ?? ""}/${name}`;
  return {
    type: "Warning",
    reason: "InvalidEnvironmentVariableNames",
    message:
      `Keys [${keys.join(", ")}] from the EnvFrom ${source} were skipped since they are considered invalid ` +
      "environment variable names.",
  };
}

type Outcome = { readonly value: string } | { readonly skipped: true } | { readonly error: string };

function valueFrom({ valueFrom: source }: EnvVar, input: EnvironmentInput): Outcome {
  const { pod, container, allocatable } = input;
  const context: FieldContext = input;
  if (source?.fieldRef != null) return fieldValue(source.fieldRef.apiVersion ?? "", source.fieldRef.fieldPath, context);
  if (source?.resourceFieldRef != null) return resourceValue(source.resourceFieldRef, pod, container, allocatable);
  if (source?.configMapKeyRef != null) return keyValue("ConfigMap", source.configMapKeyRef, input);
  if (source?.secretKeyRef != null) return keyValue("Secret", source.secretKeyRef, input);
  return { value: "" };
}

function keyValue(
  kind: ObjectReference["kind"],
  selector: { readonly key: string; readonly name?: string; readonly optional?: boolean },
  { pod, objects }: EnvironmentInput,
): Outcome {
  const wanted = reference(kind, selector);
  const outcome = keyValues(wanted, objects);
  if (!("values" in outcome)) return outcome;
  const value = outcome.values.get(selector.key);
  if (value !== undefined) return { value };
  if (wanted.optional) return { skipped: true };
  return { error: `couldn't find key ${selector.key} in ${kind} ${pod.metadata?.namespace ?? ""}/${wanted.name}` };
}
