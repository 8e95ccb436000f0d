import type { PodSpec } from "../../api/types.ts";
import { byteLength } from "./byte-length.ts";
import { type FieldError, invalid, invalidEach, required } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { isIpAddress } from "./ip-address.ts";
import { dnsSubdomainErrors } from "./names.ts";
import type { ValidationRules } from "./rules.ts";

const MAX_NAMESERVERS = 3;
/** The reference allows static pods the smaller limits only (no expanded DNS configuration). */
const SEARCH_LIMITS: Readonly<Record<ValidationRules, { readonly paths: number; readonly bytes: number }>> = {
  reference: { paths: 6, bytes: 256 },
  current: { paths: 32, bytes: 2048 },
};

function validateIp(ip: string, path: FieldPath): FieldError[] {
  return isIpAddress(ip) ? [] : [invalid(path, ip, "must be valid IP address")];
}

/** Source: core/validation validatePodDNSConfig. */
export function validateDnsConfig(spec: PodSpec, path: FieldPath, rules: ValidationRules): FieldError[] {
  const config = spec.dnsConfig;
  const { nameservers = [], searches = [], options = [] } = config ?? {};
  if (spec.dnsPolicy === "None") {
    if (config === undefined) return [required(path, "must provide `dnsConfig` when `dnsPolicy` is None")];
    if (nameservers.length === 0) {
      const detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
      return [required(path.child("nameservers"), detail)];
    }
  }
  const errors: FieldError[] = [];
  if (nameservers.length > MAX_NAMESERVERS) {
    const detail = `must not have more than ${MAX_NAMESERVERS} nameservers`;
    errors.push(invalid(path.child("nameservers"), nameservers, detail));
  }
  errors.push(...nameservers.flatMap((ip, index) => validateIp(ip, path.child("nameservers").index(index))));
  errors.push(...validateSearches(searches, path.child("searches"), SEARCH_LIMITS[rules]));
  for (const [index, option] of options.entries()) {
    if (!option.name) errors.push(required(path.child("options").index(index), "must not be empty"));
  }
  return errors;
}

function validateSearches(
  searches: readonly string[],
  path: FieldPath,
  limits: { readonly paths: number; readonly bytes: number },
): FieldError[] {
  const errors: FieldError[] = [];
  if (searches.length > limits.paths) {
    errors.push(invalid(path, searches, `must not have more than ${limits.paths} search paths`));
  }
  if (byteLength(searches.join(" ")) > limits.bytes) {
    const detail = `must not have more than ${limits.bytes} characters (including spaces) in the search list`;
    errors.push(invalid(path, searches, detail));
  }
  const wrong = searches.flatMap((search, index) => {
    const name = search.endsWith(".") ? search.slice(0, -1) : search;
    return invalidEach(path.index(index), name, dnsSubdomainErrors(name));
  });
  return [...errors, ...wrong];
}

/** Source: core/validation ValidateHostAliases: neither alias nor name is told by index. */
export function validateHostAliases(aliases: NonNullable<PodSpec["hostAliases"]>, path: FieldPath): FieldError[] {
  return aliases.flatMap((alias) => [
    ...validateIp(alias.ip ?? "", path.child("ip")),
    ...(alias.hostnames ?? []).flatMap((name) => invalidEach(path.child("hostnames"), name, dnsSubdomainErrors(name))),
  ]);
}
