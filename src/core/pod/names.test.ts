import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodSpec } from "../api/types.ts";
import { podHostname, truncateHostname } from "./names.ts";

function hostname(name: string, spec: Partial<PodSpec> = {}) {
  return podHostname({ metadata: { name, namespace: "ns" }, spec: { containers: [], ...spec } }, "cluster.local");
}

test("a host name is cut to 63 letters without a dash or dot at its end", () => {
  assert.equal(truncateHostname(`${"a".repeat(60)}-.-b`), "a".repeat(60));
  assert.equal(truncateHostname("a".repeat(63)), "a".repeat(63));
  assert.equal(truncateHostname(`${"a".repeat(62)}-`), `${"a".repeat(62)}-`);
});

test("hostname and subdomain give the name that services find the pod by", () => {
  assert.deepEqual(hostname("p"), { hostname: "p", domain: "", kernelHostname: "p" });
  const spec = { hostname: "h", subdomain: "s" };
  const domain = "s.ns.svc.cluster.local";
  assert.deepEqual(hostname("p", spec), { hostname: "h", domain, kernelHostname: "h" });
  const full = { ...spec, setHostnameAsFQDN: true };
  assert.deepEqual(hostname("p", full), { hostname: "h", domain, kernelHostname: `h.${domain}` });
});

test("names that are no DNS labels are refused, and full names that the kernel cannot take", () => {
  const error = (spec: Partial<PodSpec>) => {
    const result = hostname("p", spec);
    return "error" in result ? result.error : "";
  };
  assert.match(error({ hostname: "A" }), /^pod Hostname "A" is not a valid DNS label: a lowercase RFC 1123 label/);
  assert.match(error({ subdomain: "a.b" }), /^pod Subdomain "a\.b" is not a valid DNS label: /);
  assert.match(
    error({ hostname: "h".repeat(50), subdomain: "s", setHostnameAsFQDN: true }),
    /is too long \(64 characters is the max, 73 characters requested\)$/,
  );
});

test("a host name that overrides all others has no domain", () => {
  assert.deepEqual(hostname("p", { hostname: "h", subdomain: "s", hostnameOverride: "web-0.shop.test" }), {
    hostname: "web-0.shop.test",
    domain: "",
    kernelHostname: "web-0.shop.test",
  });
});
