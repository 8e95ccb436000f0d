import type { ConfigMap, Container, Node, Pod, Secret, Service } from "../../../src/core/api/types.ts";
import { expandCommand, expandSubPath } from "../../../src/core/expansion/container-command.ts";
import { expand, lookupIn } from "../../../src/core/expansion/expand.ts";
import { containerEnvironment, type EnvironmentVariable } from "../../../src/core/pod/environment.ts";
import type { ObjectLookup } from "../../../src/core/pod/environment-objects.ts";
import type { Topic } from "../case.ts";

type Input =
  | { readonly kind: "expand"; readonly input: string; readonly env: Readonly<Record<string, string>> }
  | { readonly kind: "command"; readonly container: Container; readonly env: readonly EnvironmentVariable[] }
  | { readonly kind: "subPathExpr"; readonly subPathExpr: string; readonly env: readonly EnvironmentVariable[] }
  | EnvInput;

interface EnvInput {
  readonly kind: "env";
  readonly pod: Pod;
  readonly node: Node;
  readonly services: readonly Service[] | null;
  readonly configMaps: readonly ConfigMap[] | null;
  readonly secrets: readonly Secret[] | null;
  readonly podIPs: readonly string[] | null;
}

/** The data come from a store that answers like the API server, in the plural. */
function find<T extends ConfigMap | Secret>(
  objects: readonly T[] | null,
  plural: string,
  name: string,
): ObjectLookup<T> {
  const object = objects?.find(({ metadata }) => metadata?.name === name);
  return object === undefined ? { notFound: true, error: `${plural} "${name}" not found` } : { object };
}

function environmentOf({ pod, node, services, configMaps, secrets, podIPs }: EnvInput): unknown {
  const container = pod.spec?.containers[0];
  if (container === undefined) throw new Error("the case has no container");
  const result = containerEnvironment({
    pod,
    container,
    objects: {
      configMap: (name) => find(configMaps, "configmaps", name),
      secret: (name) => find(secrets, "secrets", name),
    },
    services: services ?? [],
    podIps: podIPs ?? [],
    hostIps: (node.status?.addresses ?? []).filter(({ type }) => type === "InternalIP").map(({ address }) => address),
    allocatable: node.status?.allocatable ?? {},
  });
  const events = result.events.map(({ type, reason, message }) => `${type} ${reason} ${message}`);
  if ("error" in result) return { error: result.error, events };
  return { env: Object.fromEntries(result.environment.map(({ name, value }) => [name, value])), events };
}

export const topic: Topic = ({ input }) => {
  const given = input as Input;
  switch (given.kind) {
    case "expand":
      return { actual: { output: expand(given.input, lookupIn(new Map(Object.entries(given.env)))) } };
    case "command":
      return { actual: expandCommand(given.container, given.env) };
    case "subPathExpr": {
      const result = expandSubPath(given.subPathExpr, given.env);
      return { actual: "error" in result ? result : { output: result.subPath } };
    }
    case "env":
      return { actual: environmentOf(given) };
  }
};
