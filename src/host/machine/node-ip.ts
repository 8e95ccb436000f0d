import { lookup } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { setTimeout as wait } from "node:timers/promises";

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

const lookupDeadlineMs = 1000;
/** Interfaces of containers and virtual networks: never how others reach this machine. */
const virtual = /^(lo|veth|cni|docker|br-|virbr|cali|flannel|tunl|kube-|nodelocaldns|tskubelet)/;

/**
 * The node's address as the kubelet chooses it (nodestatus/setters.go NodeAddress): an address that the host name
 * resolves to and that an interface has; else the one of the interface with the default route.
 * Differs: without a default route the kubelet gives up; here the first address of a real interface serves. "": none.
 */
export async function chooseNodeIp(hostname: string, root: string): Promise<string> {
  const interfaces = networkInterfaces();
  const own = new Set(
    Object.values(interfaces)
      .flatMap((each) => each ?? [])
      .map((each) => each.address),
  );
  const named = (await resolveHostname(hostname, root)).filter((address) => own.has(address) && isNodeAddress(address));
  const byName = named.find((address) => isIP(address) === 4) ?? named[0];
  if (byName !== undefined) return byName;
  const [routes4, routes6] = await Promise.all(
    ["/proc/net/route", "/proc/net/ipv6_route"].map((path) => readFile(root + path, "utf8").catch(() => "")),
  );
  return addressByRoutes(interfaces, routes4 ?? "", routes6 ?? "");
}

/** The address of the default route's interface, IPv4 before IPv6; else of any real interface. */
export function addressByRoutes(interfaces: Interfaces, routes4: string, routes6: string): string {
  const real = Object.keys(interfaces).filter((name) => !virtual.test(name));
  const candidates: readonly (readonly [readonly string[], 4 | 6])[] = [
    [defaultInterfaces4(routes4), 4],
    [defaultInterfaces6(routes6), 6],
    [real, 4],
    [real, 6],
  ];
  for (const [names, family] of candidates) {
    const addresses = names.flatMap((name) => interfaces[name] ?? []).map((each) => each.address);
    const found = addresses.find((address) => isIP(address) === family && isNodeAddress(address));
    if (found !== undefined) return found;
  }
  return "";
}

/** Columns: Iface Destination Gateway Flags RefCnt Use Metric Mask; the best metric first. */
function defaultInterfaces4(table: string): readonly string[] {
  const rows = table.split("\n").map((line) => line.trim().split(/\s+/));
  const routes = rows.filter((row) => row[1] === "00000000" && row[7] === "00000000" && isUp(row[3]));
  return routes.toSorted((a, b) => Number(a[6]) - Number(b[6])).map((row) => row[0] ?? "");
}

/** Columns: destination, prefix length, source, its length, next hop, metric, references, use, flags, interface. */
function defaultInterfaces6(table: string): readonly string[] {
  const rows = table.split("\n").map((line) => line.trim().split(/\s+/));
  const routes = rows.filter((row) => row[1] === "00" && /^0+$/.test(row[0] ?? "x") && isUp(row[8]) && row[9] !== "lo");
  return routes.map((row) => row[9] ?? "");
}

/** RTF_UP is set and RTF_REJECT is not. */
function isUp(flags: string | undefined): boolean {
  const bits = Number.parseInt(flags ?? "0", 16);
  return (bits & 0x1) !== 0 && (bits & 0x200) === 0;
}

/** Neither loopback nor link-local nor multicast nor unspecified (kubelet_node_status.go validateNodeIP). */
export function isNodeAddress(address: string): boolean {
  if (isIP(address) === 4) return !/^(127|0|22[4-9]|23\d)\.|^169\.254\./.test(address);
  return isIP(address) === 6 && !/^(::1?$|fe[89ab]|ff)/i.test(address);
}

/** Addresses of the host name, /etc/hosts first as everywhere; a name server that does not answer is not waited for. */
async function resolveHostname(hostname: string, root: string): Promise<readonly string[]> {
  if (isIP(hostname) !== 0) return [hostname];
  const hosts = await readFile(`${root}/etc/hosts`, "utf8").catch(() => "");
  const listed = hosts.split("\n").flatMap((line) => {
    const [address, ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    return address !== undefined && names.some((name) => name.toLowerCase() === hostname) ? [address] : [];
  });
  if (listed.length > 0) return listed;
  const late = new AbortController();
  const asked = lookup(hostname, { all: true }).then((all) => all.map((each) => each.address));
  const none = wait(lookupDeadlineMs, [], { signal: late.signal });
  try {
    return await Promise.race([asked, none]);
  } catch {
    return [];
  } finally {
    late.abort();
    none.catch(() => undefined);
  }
}
