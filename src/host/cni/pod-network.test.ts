import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { ensurePodNetwork, NetworkUnusable, removePodNetwork } from "./bridge-network.ts";
import { hostportRemoval } from "./hostport-chains.ts";
import { chooseSubnet, overlaps, parseRoutes, parseSubnet, type Subnet } from "./subnet.ts";

const ROUTES = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0000580A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
tskube0\t0000590A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
`;

const subnet = (text: string): Subnet => {
  const parsed = parseSubnet(text);
  assert.ok(parsed !== undefined, text);
  return parsed;
};

describe("subnets", () => {
  it("are read from CIDR text, host bits cleared", () => {
    assert.deepEqual(subnet("10.88.7.9/16"), { address: 0x0a580000, mask: 0xffff0000 });
    assert.deepEqual(subnet("255.255.255.255/32"), { address: 0xffffffff, mask: 0xffffffff });
    for (const text of ["10.88.0.0", "10.88.0.0/33", "10.256.0.0/16", "fd00::/64", ""]) {
      assert.equal(parseSubnet(text), undefined, text);
    }
  });

  it("overlap when one holds the other", () => {
    assert.equal(overlaps(subnet("10.0.0.0/8"), subnet("10.88.0.0/16")), true);
    assert.equal(overlaps(subnet("10.88.0.0/16"), subnet("10.0.0.0/8")), true);
    assert.equal(overlaps(subnet("10.88.0.0/16"), subnet("10.89.0.0/16")), false);
  });

  it("are chosen past the routes of others; a default route and our own bridge take nothing", () => {
    const routes = parseRoutes(ROUTES);
    assert.equal(routes.length, 3);
    assert.equal(chooseSubnet(routes, "tskube0"), "10.89.0.0/16");
    assert.equal(chooseSubnet(routes, "other"), "10.90.0.0/16");
    assert.equal(chooseSubnet(routes, "tskube0", ["10.88.5.0/24"]), undefined);
  });
});

describe("host port chains", () => {
  const idle = [
    "-P PREROUTING ACCEPT",
    "-N CNI-HOSTPORT-DNAT",
    "-N CNI-HOSTPORT-MASQ",
    "-N CNI-HOSTPORT-SETMARK",
    "-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
    '-A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ',
    "-A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE",
  ];

  it("are taken away with what leads to them when no port is mapped", () => {
    const commands = hostportRemoval(idle.join("\n"));
    assert.deepEqual(commands.slice(0, 2), [
      ["-D", "PREROUTING", "-m", "addrtype", "--dst-type", "LOCAL", "-j", "CNI-HOSTPORT-DNAT"],
      [
        "-D",
        "POSTROUTING",
        "-m",
        "comment",
        "--comment",
        "CNI portfwd requiring masquerade",
        "-j",
        "CNI-HOSTPORT-MASQ",
      ],
    ]);
    assert.deepEqual(
      commands.slice(2).map((command) => command[0]),
      ["-F", "-F", "-F", "-X", "-X", "-X"],
    );
  });

  it("stay while one is, and nothing is done where there are none", () => {
    const used = [...idle, "-A CNI-HOSTPORT-DNAT -p tcp -m multiport --dports 80 -j CNI-DN-1"];
    assert.deepEqual(hostportRemoval(used.join("\n")), []);
    assert.deepEqual(hostportRemoval("-P PREROUTING ACCEPT\n"), []);
  });
});

describe("the pod network", () => {
  let rootDir = "";
  beforeEach(() => {
    rootDir = mkdtempSync(join(tmpdir(), "tskubelet-cni-"));
  });
  afterEach(() => rmSync(rootDir, { recursive: true, force: true }));
  const conflist = () => readFileSync(join(rootDir, "cni", "net.d", "10-tskubelet.conflist"), "utf8");

  it("is written with its own bridge and address records, and keeps its subnet from then on", () => {
    const first = ensurePodNetwork({ rootDir });
    assert.equal(first.bridge, "tskube0");
    const [bridge, portmap] = JSON.parse(conflist()).plugins;
    assert.deepEqual([bridge.type, bridge.bridge, portmap.type], ["bridge", "tskube0", "portmap"]);
    assert.equal(bridge.ipam.dataDir, join(rootDir, "cni", "networks"));
    ensurePodNetwork({ rootDir, subnet: "10.199.0.0/24" });
    assert.match(conflist(), /10\.199\.0\.0\/24/);
    assert.equal(ensurePodNetwork({ rootDir }).subnet, "10.199.0.0/24");
  });

  it("has an address of each family where a subnet of each is given", () => {
    ensurePodNetwork({ rootDir, subnet: "10.199.0.0/24,fd00:99::/112" });
    const { ipam } = JSON.parse(conflist()).plugins[0];
    assert.deepEqual(ipam.ranges, [[{ subnet: "10.199.0.0/24" }], [{ subnet: "fd00:99::/112" }]]);
    assert.deepEqual(ipam.routes, [{ dst: "0.0.0.0/0" }, { dst: "::/0" }]);
    assert.equal(ensurePodNetwork({ rootDir }).subnet, "10.199.0.0/24,fd00:99::/112");
  });

  it("limits bandwidth where the plugin for it is there", () => {
    const bin = join(rootDir, "bin");
    mkdirSync(bin);
    const types = () => {
      const { confDir } = ensurePodNetwork({ rootDir, cniBinDirs: [bin] });
      const { plugins } = JSON.parse(readFileSync(join(confDir, "10-tskubelet.conflist"), "utf8"));
      return plugins.map(({ type }: { readonly type: string }) => type);
    };
    writeFileSync(join(bin, "bridge"), "", { mode: 0o755 });
    assert.deepEqual(types(), ["bridge", "portmap"]);
    writeFileSync(join(bin, "bandwidth"), "", { mode: 0o755 });
    assert.deepEqual(types(), ["bridge", "portmap", "bandwidth"]);
  });

  it("is the machine's own where that is wanted and there", () => {
    const hostConfDir = join(rootDir, "etc");
    mkdirSync(hostConfDir);
    assert.notEqual(ensurePodNetwork({ rootDir, hostConfDir }).confDir, hostConfDir);
    writeFileSync(join(hostConfDir, "10-calico.conflist"), "{}");
    assert.deepEqual(ensurePodNetwork({ rootDir, hostConfDir }), { confDir: hostConfDir });
  });

  it("is refused with a subnet that is none or in use, or a bridge name that the kernel would not take", () => {
    for (const subnet of ["pods", "", "10.1.0.0/16,", "fd00::/129", "fd00::1"]) {
      assert.throws(() => ensurePodNetwork({ rootDir, subnet }), NetworkUnusable, subnet);
    }
    assert.throws(() => ensurePodNetwork({ rootDir, bridge: "sixteen-letters0" }), NetworkUnusable);
  });

  it("is taken away with its records", async () => {
    ensurePodNetwork({ rootDir, bridge: "tsknone0" });
    await removePodNetwork({ rootDir, bridge: "tsknone0" });
    assert.throws(conflist, { code: "ENOENT" });
  });
});
