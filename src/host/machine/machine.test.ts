import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addressByRoutes, isNodeAddress } from "./node-ip.ts";
import { countCpus, readMachineInfo } from "./read-machine-info.ts";

const about = { netmask: "", mac: "", internal: false, cidr: null } as const;
const interfaces = {
  lo: [{ ...about, family: "IPv4", address: "127.0.0.1" }],
  cni0: [{ ...about, family: "IPv4", address: "10.88.0.1" }],
  eth0: [{ ...about, family: "IPv4", address: "192.0.2.2" }],
  eth1: [
    { ...about, family: "IPv4", address: "198.51.100.7" },
    { ...about, family: "IPv6", address: "2001:db8::7", scopeid: 0 },
  ],
} as const;
const header = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";

describe("node address", () => {
  it("is the one of the default route with the best metric", () => {
    const routes = `${header}eth0\t00000000\t010200C0\t0003\t0\t0\t200\t00000000\t0\t0\t0\neth1\t00000000\t016433C6\t0003\t0\t0\t100\t00000000\t0\t0\t0\n`;
    assert.equal(addressByRoutes(interfaces, routes, ""), "198.51.100.7");
  });

  it("is IPv6 where only that has a default route", () => {
    const zero = "0".repeat(32);
    const reject = `${zero} 00 ${zero} 00 ${zero} ffffffff 00000001 00000000 00200200       lo`;
    const route = `${zero} 00 ${zero} 00 fe800000000000000000000000000001 00000400 00000000 00000000 00000003     eth1`;
    assert.equal(addressByRoutes(interfaces, header, `${route}\n${reject}\n`), "2001:db8::7");
  });

  it("is that of a real interface where there is no default route, and none where there is nothing", () => {
    assert.equal(addressByRoutes(interfaces, header, ""), "192.0.2.2");
    assert.equal(addressByRoutes({ lo: interfaces.lo, cni0: interfaces.cni0 }, "", ""), "");
  });

  it("is never loopback, link-local, multicast or unspecified", () => {
    const refused = ["127.0.1.1", "169.254.3.4", "224.0.0.1", "0.0.0.0", "::1", "::", "fe80::1", "ff02::1", "name"];
    assert.deepEqual(refused.filter(isNodeAddress), []);
    assert.deepEqual(
      ["10.0.0.1", "172.17.0.1", "2001:db8::1", "fd00::2"].filter((each) => !isNodeAddress(each)),
      [],
    );
  });
});

describe("readMachineInfo", () => {
  it("counts the CPUs of a list", () => {
    assert.deepEqual(["0", "0-3", "0-3,8,10-11", "", "x"].map(countCpus), [1, 4, 7, 0, 0]);
  });

  it("reads this machine", async () => {
    const info = await readMachineInfo();
    assert.ok(info.memoryBytes > 64 * 1024 * 1024);
    assert.ok(info.cpuCores >= 1);
    assert.match(info.kernelVersion, /^\d+\./);
    assert.match(info.bootId, /^[0-9a-f-]{36}$/);
    assert.match(info.architecture, /^(amd64|arm64)$/);
    assert.equal(info.hostname, info.hostname.toLowerCase());
  });

  it("takes another name when told to, in lower case", async () => {
    assert.equal((await readMachineInfo({ hostnameOverride: " Node-A " })).hostname, "node-a");
    await assert.rejects(readMachineInfo({ hostnameOverride: " " }), /empty hostname is invalid/);
  });
});
