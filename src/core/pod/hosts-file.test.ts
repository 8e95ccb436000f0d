import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../api/types.ts";
import { hostsFileContent, wantsHostsFile } from "./hosts-file.ts";

const pod: Pod = { spec: { containers: [], hostAliases: [{ ip: "10.1.1.1", hostnames: ["a", "b"] }] } };

test("a pod finds itself by all its addresses, and its aliases below", () => {
  const input = { pod, podIps: ["10.0.0.2", "fd00::2"], hostname: "h", domain: "s.ns", nodeHosts: "" };
  const lines = hostsFileContent(input).split("\n");
  assert.deepEqual(lines.slice(7), [
    "10.0.0.2\th.s.ns\th",
    "fd00::2\th.s.ns\th",
    "",
    "# Entries added by HostAliases.",
    "10.1.1.1\ta\tb",
    "",
  ]);
  assert.equal(lines[0], "# Kubernetes-managed hosts file.");
});

test("a pod on the host's network sees the host's file", () => {
  const onHost: Pod = { spec: { containers: [], hostNetwork: true } };
  const content = hostsFileContent({ pod: onHost, podIps: [], hostname: "h", domain: "", nodeHosts: "127.0.0.1 x\n" });
  assert.equal(content, "# Kubernetes-managed hosts file (host network).\n127.0.0.1 x\n");
});

test("a container that mounts /etc/hosts itself, or whose pod has no address, gets no file", () => {
  assert.equal(wantsHostsFile(pod, ["/data"], ["10.0.0.2"]), true);
  assert.equal(wantsHostsFile(pod, ["/etc/hosts"], ["10.0.0.2"]), false);
  assert.equal(wantsHostsFile(pod, [], []), false);
});
