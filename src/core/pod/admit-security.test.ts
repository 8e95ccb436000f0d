import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Pod, PodSpec } from "../api/types.ts";
import { admitSecurity, type SecurityAbilities } from "./admit-security.ts";
import { sysctlAllowlist } from "./sysctls.ts";

function reasonOf(spec: Partial<PodSpec>, able: Partial<SecurityAbilities> = {}, annotations = {}): string | undefined {
  const sysctls = sysctlAllowlist([], "6.1.0");
  assert.ok("names" in sysctls);
  const pod: Pod = { metadata: { annotations }, spec: { containers: [{ name: "c" }], ...spec } };
  const admission = admitSecurity(pod, { sysctls, appArmor: false, supplementalGroupsPolicy: false, ...able });
  return admission.admit ? undefined : admission.reason;
}

describe("admission by security settings", () => {
  it("refuses a sysctl that is not known to be safe", () => {
    assert.equal(
      reasonOf({ securityContext: { sysctls: [{ name: "kernel.msgmax", value: "1" }] } }),
      "SysctlForbidden",
    );
  });

  it("refuses strict groups where the runtime is known not to have them", () => {
    const spec = { securityContext: { supplementalGroupsPolicy: "Strict" } };
    assert.equal(reasonOf(spec), "SupplementalGroupsPolicyNotSupported");
    assert.equal(reasonOf(spec, { supplementalGroupsPolicy: true }), undefined);
    assert.equal(reasonOf(spec, { supplementalGroupsPolicy: undefined }), undefined);
    assert.equal(reasonOf({ securityContext: { supplementalGroupsPolicy: "Merge" } }), undefined);
  });

  it("refuses any AppArmor profile where the kernel enforces none", () => {
    const profile = { appArmorProfile: { type: "RuntimeDefault" } };
    const annotation = (value: string) => ({ "container.apparmor.security.beta.kubernetes.io/c": value });
    assert.equal(reasonOf({ securityContext: profile }), "AppArmor");
    assert.equal(reasonOf({ initContainers: [{ name: "i", securityContext: profile }] }), "AppArmor");
    assert.equal(reasonOf({}, {}, annotation("localhost/x")), "AppArmor");
    assert.equal(reasonOf({}, {}, annotation("unconfined")), undefined);
    assert.equal(reasonOf({ securityContext: { appArmorProfile: { type: "Unconfined" } } }), undefined);
    assert.equal(reasonOf({ securityContext: profile }, { appArmor: true }), undefined);
  });

  it("lets everybody else in", () => {
    assert.equal(reasonOf({}), undefined);
  });
});
