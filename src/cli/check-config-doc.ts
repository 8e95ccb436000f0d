/** docs/configuration.md, from the tables of the configuration and of the flags; a test holds the file to it. */
import type { Field, FieldState, Fields, FieldType, Json } from "../core/config/index.ts";
import { kubeletFieldGroups } from "../core/config/kubelet-fields.ts";
import { tskubeletFields } from "../core/config/tskubelet-fields.ts";
import { type FlagSpec, flagName } from "./flags-parse.ts";
import { configurationFlags } from "./flags-specs.ts";

/** The whole page; ends in a newline. */
export function configurationDoc(): string {
  const groups = Object.entries(kubeletFieldGroups).map(([title, fields]) => `### ${title}\n\n${fieldTable(fields)}`);
  return [
    introduction,
    "## Flags of `run`",
    flagTable(configurationFlags),
    "## KubeletConfiguration (kubelet.config.k8s.io/v1beta1)",
    fieldsText,
    ...groups,
    "## TskubeletConfiguration (tskubelet.dev/v1alpha1)",
    extensionText,
    `${fieldTable(tskubeletFields)}\n`,
  ].join("\n\n");
}

const introduction = `# Configuration

<!-- Written by scripts/write-configuration-doc.ts from the tables in src/core/config and src/cli; do not edit. -->

The agent reads, each over the one before:

1. the defaults of the kubelet;
2. \`--config FILE\`: a KubeletConfiguration and, where wanted, a TskubeletConfiguration as a second document; YAML or JSON;
3. \`--config-dir DIR\`: every file below it whose name ends in \`.conf\`, in the order of their names (each needs its
   apiVersion and kind). Lists are replaced, maps and nested fields merged; \`null\` takes a value away, so that the
   default holds again. As in the kubelet a drop-in merges over the *defaulted* base: \`evictionHard\` in a drop-in adds to
   the default thresholds, in the base file it replaces them;
4. flags.

A zero (\`0\`, \`""\`, \`0s\`) in a field that the kubelet cannot tell from an absent one means the default, as there.
Relative paths are relative to the file that names them. An unknown field, a key that is written twice, a wrong type or an
invalid value ends the start with file, line and field; nothing is guessed.

\`tskubelet check-config\` takes the flags of \`run\` and prints what then holds and where each value came from
(\`-o wide\` with the state of each field, \`-o yaml\` as a file to start from, \`-o json\` for programs). It exits with 0, with 1
where the configuration is not valid and with 2 on wrong usage. What is set and not built yet is listed on standard error,
there and at every start.

A node that is alone (no \`--kubeconfig\`) has a few defaults of its own; check-config shows them as \`standalone default\`.`;

const fieldsText = `Every field of Kubernetes 1.26 and later. *State*: **used**; **no effect**, by design, with the reason; **not built**, the
feature is still to come. *Since*: the Kubernetes release that brought the field, where it is later than 1.26.`;

const extensionText =
  "What the kubelet has no field for. It stands in a document of its own, so that the first stays a file for any kubelet.";

function flagTable(specs: Readonly<Record<string, FlagSpec<unknown>>>): string {
  const rows = Object.entries(specs).map(([key, spec]) => {
    const value = spec.placeholder === "" ? "" : ` ${spec.placeholder}`;
    return row([`\`${flagName(key)}${value}\``, spec.about]);
  });
  return [row(["Flag", "Meaning"]), row(["---", "---"]), ...rows].join("\n");
}

function fieldTable(fields: Fields): string {
  const head = ["Field", "Type", "Default", "Since", "State", "Meaning"];
  return [row(head), row(head.map(() => "---")), ...fieldRows(fields, "")].join("\n");
}

function fieldRows(fields: Fields, prefix: string): readonly string[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const { type } = field;
    if (type.kind === "object") return fieldRows(type.fields, `${prefix}${name}.`);
    const own = fieldRow(`${prefix}${name}`, field);
    if (type.kind !== "list" || type.items.kind !== "object") return [own];
    return [own, ...fieldRows(type.items.fields, `${prefix}${name}[].`)];
  });
}

function fieldRow(path: string, field: Field<unknown>): string {
  const since = field.since === "1.26" || field.since.startsWith("0.") ? "" : field.since;
  return row([
    `\`${path}\``,
    typeText(field.type),
    defaultText(field.default),
    since,
    stateText(field.state),
    field.about,
  ]);
}

function typeText(type: FieldType): string {
  switch (type.kind) {
    case "integer":
      return type.name;
    case "enum":
      return type.values.map((value) => `\`${value === "" ? '""' : value}\``).join(", ");
    case "list":
      return `list of ${type.items.kind === "object" ? "objects" : `${typeText(type.items)}s`}`;
    case "map":
      return `map to ${typeText(type.values)}`;
    default:
      return type.kind;
  }
}

function defaultText(value: Json | undefined): string {
  if (value === undefined) return "unset";
  if (typeof value === "object" && value !== null) {
    if (Object.keys(value).length === 0) return "";
    return Array.isArray(value)
      ? value.map((item) => `\`${item}\``).join(", ")
      : Object.entries(value)
          .map(([name, item]) => `\`${name}: ${item}\``)
          .join(", ");
  }
  return value === "" ? "" : `\`${value}\``;
}

function stateText(state: FieldState): string {
  if (state.state === "used") return "used";
  return state.state === "accepted" ? `no effect: ${state.why}` : `not built: ${state.feature} (${state.hint})`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
