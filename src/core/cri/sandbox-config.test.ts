import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerPort, Pod, PodSpec } from "../api/types.ts";
import { sandboxConfig } from "./sandbox-config.ts";

function config(spec: Partial<PodSpec>) {
  const pod: Pod = { metadata: { name: "p", namespace: "ns", uid: "u" }, spec: { containers: [], ...spec } };
  return sandboxConfig({ pod, attempt: 0, hostname: "p", cpuCfsQuota: true });
}

function ports(...list: readonly ContainerPort[]): readonly unknown[] {
  return config({ containers: [{ name: "c", ports: list }] }).portMappings ?? [];
}

test("a port that a container names twice is mapped once", () => {
  const first = { containerPort: 1, hostPort: 2, protocol: "UDP", name: "a" } as const;
  assert.deepEqual(ports(first, { containerPort: 3, name: "a" }), [
    { protocol: "UDP", containerPort: 1, hostPort: 2, hostIp: "" },
  ]);
});

test("unnamed ports that differ in protocol or address are different ports", () => {
  const port = { containerPort: 1, hostPort: 1 };
  const both = ports(
    { ...port, protocol: "TCP" },
    { ...port, protocol: "TCP" },
    { ...port, protocol: "UDP" },
    { ...port, protocol: "TCP", hostIP: "::1" },
  );
  assert.equal(both.length, 3);
});

test("a privileged init or ephemeral container makes the sandbox privileged", () => {
  const securityContext = { privileged: true };
  const privileged = (spec: Partial<PodSpec>) => config(spec).linux?.securityContext?.privileged;
  assert.equal(privileged({ initContainers: [{ name: "i", securityContext }] }), true);
  assert.equal(privileged({ ephemeralContainers: [{ name: "e", securityContext }] }), true);
  assert.equal(privileged({ containers: [{ name: "c" }] }), false);
});

test("the sandbox runs under the runtime's seccomp profile even where the pod is unconfined", () => {
  const { seccomp } =
    config({ securityContext: { seccompProfile: { type: "Unconfined" } } }).linux?.securityContext ?? {};
  assert.deepEqual(seccomp, { profileType: "RuntimeDefault" });
});
