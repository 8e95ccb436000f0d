import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Pod, PodSpec } from "../api/types.ts";
import { dottedSysctl, sysctlAllowlist, sysctlPatternProblem, sysctlRefusal, withDottedSysctls } from "./sysctls.ts";

function pod(names: readonly string[], spec: Partial<PodSpec> = {}): Pod {
  return {
    spec: { containers: [], securityContext: { sysctls: names.map((name) => ({ name, value: "1" })) }, ...spec },
  };
}

function refusal(
  names: readonly string[],
  spec: Partial<PodSpec> = {},
  unsafe: readonly string[] = [],
  kernel = "6.1.0",
) {
  const allowlist = sysctlAllowlist(unsafe, kernel);
  assert.ok("names" in allowlist);
  return sysctlRefusal(pod(names, spec), allowlist);
}

describe("sysctls of a pod", () => {
  it("that touch nobody else are allowed, in either notation", () => {
    assert.equal(refusal(["kernel.shm_rmid_forced", "net.ipv4.tcp_rmem", "net/ipv4/ip_local_port_range"]), undefined);
    assert.equal(refusal([]), undefined);
  });

  it("are refused when they are not known to be safe, in the kubelet's words", () => {
    assert.equal(
      refusal(["net.ipv4.tcp_syncookies", "kernel/msgmax"]),
      'forbidden sysctl: "kernel.msgmax" not allowlisted',
    );
  });

  it("are allowed by name or pattern of the node", () => {
    assert.equal(
      refusal(["kernel.msgmax", "net.core.somaxconn"], {}, ["kernel.msg*", "net.core.somaxconn"]),
      undefined,
    );
    assert.ok(refusal(["net.core.rmem_max"], {}, ["net.core.somaxconn"]));
  });

  it("need a namespace of the pod's own", () => {
    const syncookies = ["net.ipv4.tcp_syncookies"];
    assert.equal(
      refusal(syncookies, { hostNetwork: true }),
      'forbidden sysctl: "net.ipv4.tcp_syncookies" not allowed with host net enabled',
    );
    assert.equal(refusal(syncookies, { hostIPC: true }), undefined);
    assert.match(refusal(["kernel.sem"], { hostIPC: true }, ["kernel.sem"]) ?? "", /host ipc enabled$/);
  });

  it("are safe from the kernel on that made them so", () => {
    assert.equal(refusal(["net.ipv4.tcp_wmem"], {}, [], "4.15.0-20-generic"), undefined);
    assert.ok(refusal(["net.ipv4.tcp_wmem"], {}, [], "4.14.336"));
    assert.ok(refusal(["net.ipv4.tcp_wmem"], {}, [], ""));
  });

  it("go to the runtime with dots", () => {
    assert.equal(dottedSysctl("net/ipv4/conf/eth0.1/forwarding"), "net.ipv4.conf.eth0/1.forwarding");
    assert.equal(dottedSysctl("net.ipv4.conf.eth0/1.forwarding"), "net.ipv4.conf.eth0/1.forwarding");
    assert.deepEqual(withDottedSysctls(pod(["kernel/sem"])), pod(["kernel.sem"]));
  });
});

describe("a pattern of allowedUnsafeSysctls", () => {
  it("is a name or ends in a star, of what has a namespace", () => {
    for (const good of ["kernel.sem", "kernel.msg*", "net.*", "net/core/*", "fs.mqueue.msg_max"]) {
      assert.equal(sysctlPatternProblem(good), undefined, good);
    }
    for (const bad of ["", "net.*.x", "Net.core", "*", "vm.*", "kernel.*", "kernel.panic"]) {
      assert.ok(sysctlPatternProblem(bad) !== undefined, bad);
    }
  });
});
