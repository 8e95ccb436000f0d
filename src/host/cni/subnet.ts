/** An IPv4 network: address and mask as unsigned 32-bit numbers. */
export interface Subnet {
  readonly address: number;
  readonly mask: number;
}

/** `10.88.0.0/16`; `undefined` for anything else. Bits of the host part are cleared. */
export function parseSubnet(text: string): Subnet | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (match === null) return undefined;
  const [a, b, c, d, bits] = match.slice(1).map(Number) as [number, number, number, number, number];
  if ([a, b, c, d].some((part) => part > 255) || bits > 32) return undefined;
  const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
  return { address: (((a << 24) | (b << 16) | (c << 8) | d) & mask) >>> 0, mask };
}

export function overlaps(a: Subnet, b: Subnet): boolean {
  const mask = (a.mask & b.mask) >>> 0;
  return (a.address & mask) >>> 0 === (b.address & mask) >>> 0;
}

export interface Route {
  readonly device: string;
  readonly subnet: Subnet;
}

/** The text of /proc/net/route: addresses are hexadecimal in host order, which is little-endian on all that we run on. */
export function parseRoutes(text: string): readonly Route[] {
  const rows = text.split("\n").slice(1);
  return rows.flatMap((row) => {
    const columns = row.trim().split(/\s+/);
    const [device, destination] = columns;
    const mask = columns[7];
    if (device === undefined || destination === undefined || mask === undefined) return [];
    return [{ device, subnet: { address: littleEndian(destination), mask: littleEndian(mask) } }];
  });
}

function littleEndian(hex: string): number {
  const bytes = hex.match(/../g) ?? [];
  return Number.parseInt(bytes.reverse().join(""), 16) >>> 0;
}

/** Networks tried in order when the user names none: what container tools on one machine commonly use. */
export const SUBNET_CANDIDATES: readonly string[] = [
  ...Array.from({ length: 12 }, (_, index) => `10.${88 + index}.0.0/16`),
  "172.29.0.0/16",
  "192.168.248.0/21",
];

/** The first candidate that no route other than a default one, or one of our own bridge, overlaps. */
export function chooseSubnet(
  routes: readonly Route[],
  bridge: string,
  candidates: readonly string[] = SUBNET_CANDIDATES,
): string | undefined {
  const taken = routes.filter((route) => route.device !== bridge && route.subnet.mask !== 0);
  return candidates.find((candidate) => {
    const subnet = parseSubnet(candidate);
    return subnet !== undefined && !taken.some((route) => overlaps(route.subnet, subnet));
  });
}
