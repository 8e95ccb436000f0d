import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container, Pod, PodSecurityContext, SecurityContext } from "../api/types.ts";
import { type ContainerConfigInput, containerConfig } from "./container-config.ts";
import type { LinuxContainerSecurityContext } from "./types.ts";

function input(container: Partial<Container>, podContext?: PodSecurityContext): ContainerConfigInput {
  const spec: Container = { name: "c", image: "app", ...container };
  const pod: Pod = {
    metadata: { name: "p", namespace: "ns", uid: "u" },
    spec: { containers: [spec], ...(podContext !== undefined && { securityContext: podContext }) },
  };
  return {
    pod,
    container: spec,
    restartCount: 0,
    imageRef: "sha256:1",
    image: {},
    environment: [],
    seccompDefault: false,
    seccompProfileRoot: "/seccomp",
    memoryCapacityBytes: 1e9,
    cpuCfsQuota: true,
    hugePageSizes: [],
  };
}

function security(own: SecurityContext, podContext?: PodSecurityContext): LinuxContainerSecurityContext {
  return securityOf(input({ securityContext: own }, podContext));
}

function securityOf(config: ContainerConfigInput): LinuxContainerSecurityContext {
  const result = containerConfig(config);
  assert.ok("config" in result);
  return result.config.linux?.securityContext ?? {};
}

test("a localhost profile lies below the profile root, whatever its name looks like", () => {
  const { seccomp } = security({ seccompProfile: { type: "Localhost", localhostProfile: "./a/../b//c.json" } });
  assert.deepEqual(seccomp, { profileType: "Localhost", localhostRef: "/seccomp/b/c.json" });
});

test("a profile of a type nobody knows counts as none", () => {
  const odd = { type: "Odd" } as unknown as NonNullable<SecurityContext["seccompProfile"]>;
  assert.deepEqual(security({ seccompProfile: odd }).seccomp, { profileType: "Unconfined" });
  const withDefault = { ...input({ securityContext: { seccompProfile: odd } }), seccompDefault: true };
  assert.deepEqual(securityOf(withDefault).seccomp, { profileType: "RuntimeDefault" });
});

test("settings of the container win over those of the pod one by one", () => {
  const { runAsUser, runAsGroup, selinuxOptions } = security(
    { runAsUser: 5, seLinuxOptions: { type: "t" } },
    { runAsUser: 1, runAsGroup: 2, seLinuxOptions: { level: "s0" } },
  );
  assert.deepEqual([runAsUser, runAsGroup], [5, 2]);
  assert.deepEqual(selinuxOptions, { user: "", role: "", type: "t", level: "" });
});

test("groups of volumes come between fsGroup and supplementalGroups, and only with a pod security context", () => {
  const extraGroups = [7];
  const groups = { fsGroup: 1, supplementalGroups: [9] };
  assert.deepEqual(securityOf({ ...input({}, groups), extraGroups }).supplementalGroups, [1, 7, 9]);
  assert.equal(securityOf({ ...input({}), extraGroups }).supplementalGroups, undefined);
});

test("an AppArmor annotation counts for its own container", () => {
  const base = input({});
  const annotations = {
    "container.apparmor.security.beta.kubernetes.io/c": "localhost/x",
    "container.apparmor.security.beta.kubernetes.io/other": "unconfined",
  };
  const pod: Pod = { ...base.pod, metadata: { ...base.pod.metadata, annotations } };
  assert.equal(securityOf({ ...base, pod }).apparmorProfile, "localhost/x");
});

test("an unmasked proc mount has no masked and no read-only paths", () => {
  const { maskedPaths, readonlyPaths } = security({ procMount: "Unmasked" });
  assert.deepEqual([maskedPaths, readonlyPaths], [[], []]);
});

test("a target container is joined only where processes are not shared anyway", () => {
  assert.deepEqual(securityOf({ ...input({}), targetContainerId: "t" }).namespaceOptions, {
    network: "POD",
    ipc: "POD",
    pid: "TARGET",
    targetId: "t",
  });
  const base = input({});
  const pod: Pod = { ...base.pod, spec: { containers: [], hostPID: true } };
  assert.equal(securityOf({ ...base, pod, targetContainerId: "t" }).namespaceOptions?.pid, "NODE");
});

test("an image with a numeric user may run under runAsNonRoot, whatever name it has, too", () => {
  const nonRoot = input({ securityContext: { runAsNonRoot: true } });
  assert.ok("config" in containerConfig({ ...nonRoot, image: { uid: 5, username: "nginx" } }));
  assert.ok("error" in containerConfig({ ...nonRoot, image: { uid: 0, username: "nginx" } }));
});
