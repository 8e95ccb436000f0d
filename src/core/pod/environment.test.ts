import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container, Pod, PodSpec, Service } from "../api/types.ts";
import { containerEnvironment } from "./environment.ts";
import { type EnvironmentObjects, notFoundText } from "./environment-objects.ts";
import { resourceValue } from "./resource-ref.ts";

const objects: EnvironmentObjects = {
  configMap: (name) =>
    name === "broken"
      ? { notFound: false, error: "cannot be had now" }
      : { notFound: true, error: notFoundText("configmap", name) },
  secret: (name) => ({ object: { metadata: { name }, data: { TEXT: "w6k=", "..up": "eA==", ".": "eA==" } } }),
};

function environment(container: Partial<Container>, services: readonly Service[] = [], spec: Partial<PodSpec> = {}) {
  const main: Container = { name: "c", ...container };
  const pod: Pod = {
    metadata: { name: "p", namespace: "shop", labels: { app: 'a"b\n' }, annotations: { "Bad.Case": "1" } },
    spec: { containers: [main], enableServiceLinks: true, ...spec },
  };
  const ips = { podIps: ["fd00::2", "10.0.0.2"], hostIps: ["192.168.0.1"] };
  return containerEnvironment({ pod, container: main, objects, services, ...ips, allocatable: { cpu: "2" } });
}

function value(container: Partial<Container>, name: string): string | undefined {
  const result = environment(container);
  assert.ok("environment" in result, "error" in result ? result.error : "");
  return result.environment.find((variable) => variable.name === name)?.value;
}

function field(fieldPath: string): Partial<Container> {
  return { env: [{ name: "F", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath } } }] };
}

function errorOf(container: Partial<Container>): string {
  const result = environment(container);
  return "error" in result ? result.error : "";
}

test("an object that cannot be had now stops even an optional reference; one that is missing does not", () => {
  const reference = (name: string) => ({ envFrom: [{ configMapRef: { name, optional: true } }] });
  assert.equal(errorOf(reference("broken")), "cannot be had now");
  assert.equal(errorOf(reference("none")), "");
  assert.equal(errorOf({ envFrom: [{ configMapRef: { name: "none" } }] }), 'configmap "none" not found');
});

test("names that the shell cannot have are skipped and told", () => {
  const result = environment({ envFrom: [{ secretRef: { name: "s" } }] });
  assert.deepEqual(
    result.events.map(({ message }) => message),
    [
      "Keys [., ..up] from the EnvFrom secret shop/s were skipped since they are considered invalid environment variable names.",
    ],
  );
});

test("the address of the node's own family comes first", () => {
  assert.equal(value(field("status.podIP"), "F"), "10.0.0.2");
  assert.equal(value(field("status.podIPs"), "F"), "10.0.0.2,fd00::2");
});

test("labels print as Go quotes them, and subscripts must be valid keys", () => {
  assert.equal(value(field("metadata.labels"), "F"), 'app="a\\"b\\n"');
  assert.equal(value(field("metadata.annotations['Bad.Case']"), "F"), "1");
  assert.equal(errorOf(field("metadata.name['x']")), "field label does not support subscript: metadata.name['x']");
  assert.match(
    errorOf(field("metadata.labels['a b']")),
    /^invalid key subscript in metadata.labels\['a b'\]: name part must/,
  );
  assert.match(errorOf(field("metadata.labels['/x']")), /: prefix part must be non-empty$/);
});

test("a pod's own service named kubernetes stands in for the cluster's", () => {
  const service = (namespace: string, clusterIP: string): Service => ({
    metadata: { name: "kubernetes", namespace },
    spec: { clusterIP, ports: [{ port: 1 }] },
  });
  const host = (services: readonly Service[], links: boolean) => {
    const result = environment({}, services, { enableServiceLinks: links });
    assert.ok("environment" in result);
    return result.environment.find(({ name }) => name === "KUBERNETES_SERVICE_HOST")?.value;
  };
  const both = [service("shop", "10.0.0.9"), service("default", "10.0.0.1")];
  assert.equal(host(both, true), "10.0.0.9");
  assert.equal(host(both.toReversed(), true), "10.0.0.9");
  assert.equal(host(both, false), "10.0.0.1");
});

test("a service without ports or address gives no variables", () => {
  const without: readonly Service[] = [
    { metadata: { name: "a", namespace: "shop" }, spec: { clusterIP: "10.0.0.1" } },
    { metadata: { name: "b", namespace: "shop" }, spec: { ports: [{ port: 1 }] } },
  ];
  const result = environment({}, without);
  assert.ok("environment" in result);
  assert.deepEqual(result.environment, []);
});

test("a missing limit is the node's, but not that of an init container that is named", () => {
  const pod: Pod = { spec: { containers: [{ name: "c" }], initContainers: [{ name: "i" }] } };
  const limit = (containerName: string) =>
    resourceValue({ containerName, resource: "limits.cpu" }, pod, { name: "asks" }, { cpu: "1500m" });
  assert.deepEqual(limit(""), { value: "2" });
  assert.deepEqual(limit("c"), { value: "2" });
  assert.deepEqual(limit("i"), { value: "0" });
  assert.deepEqual(limit("none"), { error: "container none not found" });
});

test("variables that double each other end in an error, not in a full memory", () => {
  const doubled = Array.from({ length: 60 }, (_, index) => ({
    name: `V${index + 1}`,
    value: `$(V${index})$(V${index})`,
  }));
  assert.equal(
    errorOf({ env: [{ name: "V0", value: "0123456789abcdef" }, ...doubled] }),
    "the environment is longer than 16 MiB with variable V20",
  );
});
