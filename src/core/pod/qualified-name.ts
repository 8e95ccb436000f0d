/** Names of labels and annotations: apimachinery util/validation IsQualifiedName, its words included. */
const NAME = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const SUBDOMAIN = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const NAME_PATTERN = new RegExp(`^${NAME}$`);
const SUBDOMAIN_PATTERN = new RegExp(`^${SUBDOMAIN}$`);
const MAX_NAME = 63;
const MAX_PREFIX = 253;
const NAME_RULE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
  `(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${NAME}')`;
const PREFIX_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end " +
  `with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`;

/** What is wrong with a key; empty: nothing. */
export function qualifiedNameErrors(key: string): readonly string[] {
  const parts = key.split("/");
  if (parts.length > 2) {
    return [`a qualified name ${NAME_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const name = parts.at(-1) ?? "";
  const prefix = parts.length === 2 ? prefixErrors(parts[0] ?? "") : [];
  return [...prefix, ...nameErrors(name)];
}

function prefixErrors(prefix: string): readonly string[] {
  if (prefix === "") return ["prefix part must be non-empty"];
  return [
    ...(prefix.length > MAX_PREFIX ? [`prefix part must be no more than ${MAX_PREFIX} characters`] : []),
    ...(SUBDOMAIN_PATTERN.test(prefix) ? [] : [`prefix part ${PREFIX_RULE}`]),
  ];
}

function nameErrors(name: string): readonly string[] {
  const length =
    name === ""
      ? ["name part must be non-empty"]
      : name.length > MAX_NAME
        ? [`name part must be no more than ${MAX_NAME} characters`]
        : [];
  return NAME_PATTERN.test(name) ? length : [...length, `name part ${NAME_RULE}`];
}
