import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { findProgram, hasCniPlugin } from "../containerd/programs.ts";
import { removeUnusedHostportChains } from "./hostport-chains.ts";
import { removeIdleMasquerades } from "./idle-masquerades.ts";
import { chooseSubnet, parseRoutes, parseSubnet } from "./subnet.ts";

export interface BridgeNetworkOptions {
  /** The agent's root directory; the network's files lie in `cni/` below it. */
  readonly rootDir: string;
  /** At most 15 characters, as the kernel allows. Default `tskube0`. */
  readonly bridge?: string;
  /**
   * Network of the pods, or one of each IP family with a comma between; without it the first free IPv4 one is taken, and
   * kept from then on.
   */
  readonly subnet?: string;
  /** Use the machine's own network configuration where it has one, instead of ours. */
  readonly hostConfDir?: string;
  /** Where CNI plugins are looked for; default: Debian's directory, then /opt/cni/bin. */
  readonly cniBinDirs?: readonly string[];
}

export interface PodNetwork {
  readonly confDir: string;
  /** As in the options; absent where the machine's own configuration is used. */
  readonly subnet?: string;
  readonly bridge?: string;
}

export const DEFAULT_BRIDGE = "tskube0";
const CONFLIST = "10-tskubelet.conflist";

/** A subnet that is no network, or that the machine uses already. */
export class NetworkUnusable extends Error {
  override readonly name = "NetworkUnusable";
}

/** Sees to it that the runtime finds a network configuration, and says where. */
export function ensurePodNetwork(options: BridgeNetworkOptions): PodNetwork {
  if (options.hostConfDir !== undefined && hasNetworkConfig(options.hostConfDir)) {
    return { confDir: options.hostConfDir };
  }
  const bridge = options.bridge ?? DEFAULT_BRIDGE;
  if (bridge.length === 0 || bridge.length > 15) throw new NetworkUnusable(`bridge name ${bridge}: 1 to 15 characters`);
  const confDir = join(options.rootDir, "cni", "net.d");
  const path = join(confDir, CONFLIST);
  const existing = existsSync(path) ? readFileSync(path, "utf8") : undefined;
  const subnet = options.subnet ?? subnetOf(existing) ?? freeSubnet(bridge);
  const subnets = subnet.split(",");
  for (const each of subnets) checkSubnet(each, bridge);
  const limitsBandwidth = hasCniPlugin("bandwidth", options.cniBinDirs);
  const conflist = renderConflist({
    bridge,
    subnets,
    dataDir: join(options.rootDir, "cni", "networks"),
    limitsBandwidth,
  });
  if (conflist !== existing) {
    mkdirSync(confDir, { recursive: true, mode: 0o755 });
    writeFileSync(path, conflist, { mode: 0o644 });
  }
  return { confDir, subnet, bridge };
}

/** Takes the bridge, the configuration and the address records away; pods must be gone. */
export async function removePodNetwork(options: BridgeNetworkOptions): Promise<void> {
  const directory = join(options.rootDir, "cni");
  const bridge = options.bridge ?? DEFAULT_BRIDGE;
  const ours = existsSync(join(directory, "net.d", CONFLIST));
  if (ours && existsSync(`/sys/class/net/${bridge}/bridge`)) {
    await promisify(execFile)(findProgram("ip") ?? "ip", ["link", "delete", bridge, "type", "bridge"]);
  }
  // A nat table that cannot be read or changed has at most idle chains left in it.
  if (ours) await removeIdleMasquerades(options.rootDir).catch(() => {});
  if (ours) await removeUnusedHostportChains().catch(() => {});
  rmSync(directory, { recursive: true, force: true });
}

interface Conflist {
  readonly bridge: string;
  readonly subnets: readonly string[];
  readonly dataDir: string;
  /** The bandwidth plugin is there: pods may be limited by `kubernetes.io/ingress-bandwidth` and `egress-bandwidth`. */
  readonly limitsBandwidth: boolean;
}

/** A CNI network configuration list: bridge with addresses from host-local, one of each subnet, host ports, bandwidth. */
export function renderConflist({ bridge, subnets, dataDir, limitsBandwidth }: Conflist): string {
  const ranges = subnets.map((subnet) => [{ subnet }]);
  const routes = subnets.map((subnet) => ({ dst: isIpv6Subnet(subnet) ? "::/0" : "0.0.0.0/0" }));
  const conflist = {
    cniVersion: "0.4.0",
    name: "tskubelet",
    plugins: [
      {
        type: "bridge",
        bridge,
        isGateway: true,
        ipMasq: true,
        hairpinMode: true,
        ipam: { type: "host-local", dataDir, ranges, routes },
      },
      { type: "portmap", capabilities: { portMappings: true } },
      ...(limitsBandwidth ? [{ type: "bandwidth", capabilities: { bandwidth: true } }] : []),
    ],
  };
  return `${JSON.stringify(conflist, undefined, 2)}\n`;
}

function hasNetworkConfig(directory: string): boolean {
  return existsSync(directory) && readdirSync(directory).some((name) => /\.(conf|conflist|json)$/.test(name));
}

function subnetOf(conflist: string | undefined): string | undefined {
  if (conflist === undefined) return undefined;
  return Array.from(conflist.matchAll(/"subnet": "([^"]+)"/g), (match) => match[1]).join(",");
}

function freeSubnet(bridge: string): string {
  const subnet = chooseSubnet(machineRoutes(), bridge);
  if (subnet === undefined)
    throw new NetworkUnusable("no free network for pods: name one that this machine does not use");
  return subnet;
}

/** Routes of IPv6 are not looked at: those networks are large and seldom overlap by chance. */
function checkSubnet(subnet: string, bridge: string): void {
  if (isIpv6Subnet(subnet)) return;
  if (parseSubnet(subnet) === undefined) throw new NetworkUnusable(`${subnet} is not a network such as 10.88.0.0/16`);
  if (chooseSubnet(machineRoutes(), bridge, [subnet]) === undefined) {
    throw new NetworkUnusable(`${subnet} overlaps a route of this machine`);
  }
}

function isIpv6Subnet(text: string): boolean {
  const [address, bits, ...rest] = text.split("/");
  return isIPv6(address ?? "") && /^\d{1,3}$/.test(bits ?? "") && Number(bits) <= 128 && rest.length === 0;
}

function machineRoutes() {
  return parseRoutes(readFileSync("/proc/net/route", "utf8"));
}
