import { byteLength } from "./byte-length.ts";

/**
 * Formats of names: each function answers with Kubernetes' words for what is wrong, empty when nothing is.
 * Source: apimachinery util/validation/validation.go, 1.26.
 */

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const LABEL_VALUE = `(${QUALIFIED})?`;
const HTTP_HEADER = "[-A-Za-z0-9]+";
const ENV_NAME = "[-._a-zA-Z][-._a-zA-Z0-9]*";
const CONFIG_KEY = "[-._a-zA-Z0-9]+";

const LABEL_WORDS =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN_WORDS =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const QUALIFIED_WORDS =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const QUALIFIED_EXAMPLES = ["MyName", "my.name", "123-abc"];
const EMPTY = "must be non-empty";

const COMPILED: ReadonlyMap<string, RegExp> = new Map(
  [LABEL, SUBDOMAIN, QUALIFIED, LABEL_VALUE, HTTP_HEADER, ENV_NAME, CONFIG_KEY].map((format) => [
    format,
    new RegExp(`^(?:${format})$`),
  ]),
);

function matches(value: string, format: string): boolean {
  return COMPILED.get(format)?.test(value) === true;
}

function tooLong(value: string, maxBytes: number): string[] {
  return byteLength(value) > maxBytes ? [`must be no more than ${maxBytes} characters`] : [];
}

function formatError(words: string, format: string, ...examples: readonly string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(" or ");
  return `${words} (e.g. ${shown}regex used for validation is '${format}')`;
}

export function dnsLabelErrors(value: string): string[] {
  const errors = tooLong(value, 63);
  if (!matches(value, LABEL)) errors.push(formatError(LABEL_WORDS, LABEL, "my-name", "123-abc"));
  return errors;
}

export function dnsSubdomainErrors(value: string): string[] {
  const errors = tooLong(value, 253);
  if (!matches(value, SUBDOMAIN)) errors.push(formatError(SUBDOMAIN_WORDS, SUBDOMAIN, "example.com"));
  return errors;
}

/** As a prefix of generated names: one dash at the end is allowed. Source: api/validation NameIsDNSSubdomain. */
export function dnsSubdomainPrefixErrors(value: string): string[] {
  return dnsSubdomainErrors(value.length > 1 && value.endsWith("-") ? `${value.slice(0, -2)}a` : value);
}

/** `name` or `prefix/name`, as for label keys. */
export function qualifiedNameErrors(value: string): string[] {
  const parts = value.split("/");
  const words = formatError(QUALIFIED_WORDS, QUALIFIED, ...QUALIFIED_EXAMPLES);
  if (parts.length > 2) {
    return [`a qualified name ${words} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const name = parts.at(-1) ?? "";
  const errors: string[] = [];
  if (parts.length === 2) {
    const prefix = parts[0] ?? "";
    const found = prefix === "" ? [EMPTY] : dnsSubdomainErrors(prefix);
    errors.push(...found.map((error) => `prefix part ${error}`));
  }
  if (name === "") errors.push(`name part ${EMPTY}`);
  errors.push(...tooLong(name, 63).map((error) => `name part ${error}`));
  if (!matches(name, QUALIFIED)) errors.push(`name part ${words}`);
  return errors;
}

export function labelValueErrors(value: string): string[] {
  const errors = tooLong(value, 63);
  if (!matches(value, LABEL_VALUE)) {
    const words = `a valid label must be an empty string or consist of ${QUALIFIED_WORDS.slice("must consist of ".length)}`;
    errors.push(formatError(words, LABEL_VALUE, "MyValue", "my_value", "12345"));
  }
  return errors;
}

export function rangeError(min: number, max: number): string {
  return `must be between ${min} and ${max}, inclusive`;
}

export function portNumberErrors(port: number): string[] {
  return port >= 1 && port <= 65535 ? [] : [rangeError(1, 65535)];
}

export function portNameErrors(name: string): string[] {
  const errors = tooLong(name, 15);
  if (!/^[-a-z0-9]+$/.test(name)) {
    errors.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  }
  if (!/[a-z]/.test(name)) errors.push("must contain at least one letter (a-z)");
  if (name.includes("--")) errors.push("must not contain consecutive hyphens");
  if (name.startsWith("-") || name.endsWith("-")) errors.push("must not begin or end with a hyphen");
  return errors;
}

/** Users and groups are numbers up to 2^31-1. */
export function userIdErrors(id: number): string[] {
  return id >= 0 && id <= 2147483647 ? [] : [rangeError(0, 2147483647)];
}

export function httpHeaderNameErrors(name: string): string[] {
  const words = "a valid HTTP header must consist of alphanumeric characters or '-'";
  return matches(name, HTTP_HEADER) ? [] : [formatError(words, HTTP_HEADER, "X-Header-Name")];
}

export function envVarNameErrors(name: string): string[] {
  const words =
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit";
  const errors = matches(name, ENV_NAME)
    ? []
    : [formatError(words, ENV_NAME, "my.env-name", "MY_ENV.NAME", "MyEnvName1")];
  return [...errors, ...parentDirectoryErrors(name)];
}

export function configMapKeyErrors(key: string): string[] {
  const words = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
  const errors = tooLong(key, 253);
  if (!matches(key, CONFIG_KEY)) errors.push(formatError(words, CONFIG_KEY, "key.name", "KEY_NAME", "key-name"));
  return [...errors, ...parentDirectoryErrors(key)];
}

function parentDirectoryErrors(name: string): string[] {
  if (name === ".") return ["must not be '.'"];
  if (name === "..") return ["must not be '..'"];
  return name.startsWith("..") ? ["must not start with '..'"] : [];
}
