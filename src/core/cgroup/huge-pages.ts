/** Huge page sizes and their limits. Source: apis/core/v1/helper/helpers.go, kubelet cm/helpers_linux.go HugePageLimits. */
import { isQuantityError, parseQuantity, quantityValue } from "../quantity/index.ts";

const RESOURCE_PREFIX = "hugepages-";
const UNITS = ["B", "KB", "MB", "GB", "TB", "PB"];
/** What Kubernetes writes where huge pages are not to be limited. */
export const UNLIMITED_HUGE_PAGE_BYTES = 2 ** 62;

/** Whether a resource name is one of huge pages ("hugepages-2Mi"). */
export function isHugePageResource(name: string): boolean {
  return name.startsWith(RESOURCE_PREFIX);
}

/** The page size that a resource name tells, in bytes; 0 when its size is no quantity. */
export function hugePageSizeOf(resourceName: string): number {
  const size = parseQuantity(resourceName.slice(RESOURCE_PREFIX.length));
  return isQuantityError(size) ? 0 : Number(quantityValue(size));
}

/** The kernel's name of a page size (2097152 -> "2MB"); undefined when the size has none. Source: HugePageUnitSizeFromByteSize. */
export function hugePageSizeName(sizeBytes: number): string | undefined {
  let size = sizeBytes;
  let unit = 0;
  while (size % 1024 === 0 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  if (size > 1024 && unit < UNITS.length - 1) return undefined;
  return `${size}${UNITS[unit]}`;
}

/** Bytes of a page size that the kernel names ("2MB" -> 2097152); 0: it is no such name. */
export function hugePageSizeBytes(name: string): number {
  const [, count = "0", unit = ""] = /^(\d+)([KMGTP]?B)$/.exec(name) ?? [];
  return Number(count) * 1024 ** Math.max(0, UNITS.indexOf(unit));
}

/** `limits` by the kernel's page size names; sizes of the machine that are not in it get `missing` bytes. */
export function hugePageLimitsByName(
  limits: ReadonlyMap<number, number>,
  machineSizes: readonly string[],
  missing: number,
): Readonly<Record<string, number>> {
  const byName: Record<string, number> = {};
  for (const size of machineSizes) byName[size] = missing;
  for (const [sizeBytes, limitBytes] of limits) {
    const name = hugePageSizeName(sizeBytes);
    if (name !== undefined) byName[name] = limitBytes;
  }
  return byName;
}
