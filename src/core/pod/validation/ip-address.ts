const MAX_HEXTETS = 8;

/**
 * Whether the text is an IPv4 or IPv6 address, leading zeros in IPv4 allowed, no zone.
 * Source: k8s.io/utils/net ParseIPSloppy.
 */
export function isIpAddress(text: string): boolean {
  return text.includes(":") ? isIpv6(text) : isIpv4(text);
}

function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^[0-9]+$/.test(part) && part.length < 10 && Number(part) <= 255);
}

function isIpv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const counts = halves.map((half, index) => hextets(half, index === halves.length - 1));
  if (counts.includes(undefined)) return false;
  const total = counts.reduce((sum: number, count) => sum + (count ?? 0), 0);
  return halves.length === 2 ? total < MAX_HEXTETS : total === MAX_HEXTETS;
}

/** Number of 16-bit groups that the text stands for; only the very end of an address may be written as IPv4. */
function hextets(text: string, isEnd: boolean): number | undefined {
  if (text === "") return 0;
  const parts = text.split(":");
  const last = parts.at(-1) ?? "";
  const hasIpv4 = isEnd && last.includes(".");
  const groups = hasIpv4 ? parts.slice(0, -1) : parts;
  if (hasIpv4 && !isIpv4(last)) return undefined;
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return groups.length + (hasIpv4 ? 2 : 0);
}
