import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Pod, PodSpec } from "../api/types.ts";
import { searchesWithinLimits, searchLineProblem } from "./dns-limits.ts";
import { type PodDnsInput, podDns } from "./pod-dns.ts";
import { parseResolvConf } from "./resolv-conf.ts";

const HOST = { servers: ["192.0.2.1"], searches: ["corp.test"], options: ["timeout:2", "rotate"] };

function dns(spec: Partial<PodSpec>, node: Partial<PodDnsInput> = {}) {
  const pod: Pod = { metadata: { name: "p", namespace: "shop", uid: "u" }, spec: { containers: [], ...spec } };
  return podDns({ pod, host: HOST, clusterDns: ["10.0.0.10"], clusterDomain: "c.local", nodeIps: [], ...node });
}

describe("resolver settings of a pod", () => {
  it("are the cluster's unless it is on the host's network or asks for the node's", () => {
    const cluster = {
      servers: ["10.0.0.10"],
      searches: ["shop.svc.c.local", "svc.c.local", "c.local", "corp.test"],
      options: ["ndots:5"],
    };
    assert.deepEqual(dns({}).config, cluster);
    assert.deepEqual(dns({ dnsPolicy: "ClusterFirstWithHostNet", hostNetwork: true }).config, cluster);
    assert.deepEqual(dns({ hostNetwork: true }).config, HOST);
    assert.deepEqual(dns({ dnsPolicy: "Default" }).config, HOST);
  });

  it("come from dnsConfig alone under None, and are added to else, an option in the place of its namesake", () => {
    const dnsConfig = {
      nameservers: ["192.0.2.9", "192.0.2.1"],
      searches: ["own.test"],
      options: [{ name: "timeout", value: "5" }, { name: "edns0" }],
    };
    assert.deepEqual(dns({ dnsPolicy: "None", dnsConfig }).config, {
      servers: ["192.0.2.9", "192.0.2.1"],
      searches: ["own.test"],
      options: ["timeout:5", "edns0"],
    });
    assert.deepEqual(dns({ dnsPolicy: "Default", dnsConfig }).config, {
      servers: ["192.0.2.1", "192.0.2.9"],
      searches: ["corp.test", "own.test"],
      options: ["timeout:5", "rotate", "edns0"],
    });
  });

  it("fall back to the node's where there is no cluster DNS, and say so", () => {
    const { config, events } = dns({}, { clusterDns: [] });
    assert.deepEqual(config, HOST);
    assert.deepEqual(events, [
      {
        reason: "MissingClusterDNS",
        message:
          'pod: "p_shop(u)". kubelet does not have ClusterDNS IP configured and cannot create Pod using ' +
          '"ClusterFirst" policy. Falling back to "Default" policy.',
      },
    ]);
  });

  it("lead nowhere when the node has no resolver file, in each family of the node", () => {
    const { host: _, ...without } = { host: HOST, clusterDns: [], clusterDomain: "" };
    const pod: Pod = { spec: { containers: [], dnsPolicy: "Default" } };
    assert.deepEqual(podDns({ pod, ...without, nodeIps: ["10.1.1.1", "fd00::1"] }).config, {
      servers: ["127.0.0.1", "::1"],
      searches: ["."],
      options: [],
    });
    assert.deepEqual(podDns({ pod, ...without, nodeIps: [] }).config.servers, ["127.0.0.1"]);
  });

  it("hold three servers and 32 domains, and what is left out is told", () => {
    const dnsConfig = {
      nameservers: ["192.0.2.2", "192.0.2.3", "192.0.2.4"],
      searches: Array.from({ length: 32 }, (_, index) => `s${index}.test`),
    };
    const { config, events } = dns({ dnsPolicy: "Default", dnsConfig });
    assert.deepEqual(config.servers, ["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
    assert.equal(config.searches.length, 32);
    assert.deepEqual(
      events.map(({ reason, message }) => [reason, message.slice(0, 26)]),
      [
        ["DNSConfigForming", "Nameserver limits were exc"],
        ["DNSConfigForming", "Search Line limits were ex"],
      ],
    );
    assert.match(events[0]?.message ?? "", /the applied nameserver line is: 192\.0\.2\.1 192\.0\.2\.2 192\.0\.2\.3$/);
  });
});

describe("a search line", () => {
  it("loses domains that are too long by themselves, then those at its end", () => {
    const long = "x".repeat(254);
    assert.deepEqual(searchesWithinLimits(["a", long, "b"]).kept, ["a", "b"]);
    const wide = Array.from({ length: 10 }, (_, index) => `${index}${"y".repeat(240)}`);
    assert.equal(searchesWithinLimits(wide).kept.length, 8);
    assert.deepEqual(searchesWithinLimits(["a"]).exceeded, []);
  });

  it("of the node must leave room for the cluster's three", () => {
    const domains = (count: number) => Array.from({ length: count }, (_, index) => `d${index}`);
    assert.equal(searchLineProblem("/r", domains(32), ""), undefined);
    assert.match(searchLineProblem("/r", domains(30), "c.local") ?? "", /more than 29 domains!$/);
    assert.match(searchLineProblem("/r", ["x".repeat(254)], "") ?? "", /search path which length is more than/);
  });
});

describe("resolv.conf", () => {
  it("adds servers and options up, and takes the last search line without the root domain", () => {
    const text =
      "# c\nnameserver 192.0.2.1\nsearch a.test\nsearch b.test. .\n options ndots:1 rotate\nnameserver ::1 # x\noptions ndots:2\n";
    assert.deepEqual(parseResolvConf(text), {
      servers: ["192.0.2.1", "::1"],
      searches: ["b.test"],
      options: ["ndots:2", "rotate"],
    });
  });

  it("is refused with a server line that names none", () => {
    assert.deepEqual(parseResolvConf("nameserver\n"), { error: "nameserver list is empty " });
  });
});
