/**
 * The command line. `parseCommandLine` turns the arguments into one command with typed flags, or a usage error (exit
 * code 2); it reads nothing and prints nothing.
 */
import { didYouMean } from "../core/config/did-you-mean.ts";
import { type Fields, kubeletFields } from "../core/config/index.ts";
import { type FlagValues, parseFlags } from "./flags-parse.ts";
import { type CommandName, commandFlags, commandTexts, type configurationFlags } from "./flags-specs.ts";

export { type CommandName, commandTexts } from "./flags-specs.ts";
export { usageText } from "./flags-usage.ts";

export type ConfigurationFlags = FlagValues<typeof configurationFlags>;

type Flags<N extends CommandName> = FlagValues<(typeof commandFlags)[N]>;

/** Flags that are not given are `undefined` (lists: empty); the command knows its defaults. */
export type Command =
  | { readonly name: "run"; readonly flags: Flags<"run"> }
  /** `kind` as written, lower case; `TYPE/NAME` arrives as kind and name. No names: all. */
  | { readonly name: "get"; readonly kind: string; readonly names: readonly string[]; readonly flags: Flags<"get"> }
  | { readonly name: "describe"; readonly kind: string; readonly object: string; readonly flags: Flags<"describe"> }
  /** `pod` without its kind; `container` from the flag or the second argument. */
  | {
      readonly name: "logs";
      readonly pod: string;
      readonly container: string | undefined;
      readonly flags: Flags<"logs">;
    }
  | {
      readonly name: "exec";
      readonly pod: string;
      /** Never empty. */
      readonly command: readonly string[];
      readonly flags: Flags<"exec">;
    }
  | {
      readonly name: "top";
      readonly kind: "pods" | "node";
      readonly names: readonly string[];
      readonly flags: Flags<"top">;
    }
  | { readonly name: "why"; readonly pod: string | undefined; readonly flags: Flags<"why"> }
  /** At least one file. */
  | { readonly name: "simulate"; readonly files: readonly string[]; readonly flags: Flags<"simulate"> }
  /** Without a file: standard output. */
  | { readonly name: "record"; readonly file: string | undefined; readonly flags: Flags<"record"> }
  | { readonly name: "images"; readonly flags: Flags<"images"> }
  | { readonly name: "events"; readonly pod: string | undefined; readonly flags: Flags<"events"> }
  | { readonly name: "check-config"; readonly flags: Flags<"check-config"> }
  | { readonly name: "down"; readonly flags: Flags<"down"> }
  | { readonly name: "version"; readonly flags: Flags<"version"> }
  /** Print `usageText(topic)`; without a topic that of the program. */
  | { readonly name: "help"; readonly topic: CommandName | undefined };

/** One command of the union. */
export type CommandOf<N extends CommandName> = Extract<Command, { readonly name: N }>;

/** Print `usageError`, then `hint`, on standard error; exit with 2. */
export interface UsageError {
  readonly usageError: string;
  readonly hint: string;
}

/** `argv`: the arguments without the program. No arguments at all ask for help. */
export function parseCommandLine(argv: readonly string[]): Command | UsageError {
  const [first, ...rest] = argv;
  if (first === undefined || first === "-h" || first === "--help") return { name: "help", topic: undefined };
  if (first === "--version") return parseCommand("version", rest);
  if (isCommand(first)) return parseCommand(first, rest);
  const hint = "Run 'tskubelet help' for the commands.";
  if (first.startsWith("-")) {
    return { usageError: `${first} stands before the command; flags come after it`, hint };
  }
  const near = didYouMean(first, Object.keys(commandTexts));
  const more = near === undefined ? "" : ` (did you mean ${near}?)`;
  return { usageError: `unknown command ${JSON.stringify(first)}${more}`, hint };
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(commandTexts, name);
}

function parseCommand(name: CommandName, argv: readonly string[]): Command | UsageError {
  const command = readCommand(name, argv);
  if (typeof command !== "string") return command;
  return { usageError: `${name}: ${command}`, hint: `Run 'tskubelet help ${name}' for its flags.` };
}

/** The command, or what is wrong. */
function readCommand(name: CommandName, argv: readonly string[]): Command | string {
  switch (name) {
    case "run":
    case "images":
    case "check-config":
    case "down":
    case "version":
      return withoutArguments(name, argv);
    case "get":
      return parsed(name, argv, readGet);
    case "describe":
      return parsed(name, argv, readDescribe);
    case "logs":
      return parsed(name, argv, readLogs);
    case "exec":
      return readExec(argv);
    case "top":
      return parsed(name, argv, readTop);
    case "why":
    case "events":
      return parsed(name, argv, ([pod, ...more], flags) => {
        return more.length > 0 ? tooMany(more) : ({ name, pod: optionalPod(pod), flags } as Command);
      });
    case "simulate":
      return parsed(name, argv, (files, flags) => (files.length === 0 ? "name a FILE" : { name, files, flags }));
    case "record":
      return parsed(name, argv, ([file, ...more], flags) => (more.length > 0 ? tooMany(more) : { name, file, flags }));
    case "help":
      return readHelp(argv);
  }
}

type Read<N extends CommandName> = (args: readonly string[], flags: Flags<N>) => Command | string;

function parsed<N extends CommandName>(name: N, argv: readonly string[], read: Read<N>): Command | string {
  const result = parseFlags(argv, commandFlags[name]);
  if (typeof result === "string") return `${result}${configurationHint(name, result)}`;
  if (result.help) return { name: "help", topic: name };
  return read([...result.args, ...(result.rest ?? [])], result.flags as Flags<N>);
}

function withoutArguments(name: "run" | "images" | "check-config" | "down" | "version", argv: readonly string[]) {
  return parsed(name, argv, (args, flags) => (args.length > 0 ? tooMany(args) : ({ name, flags } as Command)));
}

const readGet: Read<"get"> = (args, flags) => {
  const [first, ...others] = args;
  if (first === undefined) return "name what to list: pods, nodes, configmaps, secrets, events or images";
  if (!first.includes("/")) return { name: "get", kind: first.toLowerCase(), names: others, flags };
  const pairs = args.map((arg) => arg.split("/"));
  const kind = pairs[0]?.[0] ?? "";
  const wrong = pairs.findIndex((pair) => pair.length !== 2 || pair[0] !== kind || pair[1] === "");
  if (wrong >= 0) return `${JSON.stringify(args[wrong])}: expected ${kind}/NAME`;
  return { name: "get", kind: kind.toLowerCase(), names: pairs.map((pair) => pair[1] ?? ""), flags };
};

const readDescribe: Read<"describe"> = (args, flags) => {
  const [kind, object, ...more] = args.length === 1 ? (args[0] ?? "").split("/") : args;
  if (kind === undefined || kind === "" || object === undefined || object === "") return "name a KIND and a NAME";
  return more.length > 0 ? tooMany(more) : { name: "describe", kind: kind.toLowerCase(), object, flags };
};

const readLogs: Read<"logs"> = ([pod, second, ...more], flags) => {
  if (pod === undefined) return "name a POD";
  if (more.length > 0) return tooMany(more);
  if (second !== undefined && flags.container !== undefined) return "name the container once, with -c or after the pod";
  if (flags.since !== undefined && flags.sinceTime !== undefined) return "only one of --since and --since-time";
  const container = flags.container ?? second;
  if (container !== undefined && flags.allContainers === true) return "--all-containers leaves no room for a container";
  return { name: "logs", pod: podName(pod), container, flags };
};

function readExec(argv: readonly string[]): Command | string {
  const result = parseFlags(argv, commandFlags.exec);
  if (typeof result === "string") return result;
  if (result.help) return { name: "help", topic: "exec" };
  const [pod, ...more] = result.args;
  if (pod === undefined) return "name a POD";
  if (more.length > 0) return `put -- before the command: tskubelet exec ${pod} -- ${more.join(" ")}`;
  const command = result.rest ?? [];
  return command.length === 0
    ? "name a COMMAND after --"
    : { name: "exec", pod: podName(pod), command, flags: result.flags };
}

const readTop: Read<"top"> = ([kind = "pods", ...names], flags) => {
  if (["pods", "pod", "po"].includes(kind)) return { name: "top", kind: "pods", names, flags };
  if (!["node", "nodes", "no"].includes(kind)) return `${JSON.stringify(kind)}: expected pods or node`;
  return { name: "top", kind: "node", names, flags };
};

function readHelp([topic, ...more]: readonly string[]): Command | string {
  if (topic === undefined || topic.startsWith("-")) return { name: "help", topic: undefined };
  if (more.length > 0) return tooMany(more);
  if (isCommand(topic)) return { name: "help", topic };
  const near = didYouMean(topic, Object.keys(commandTexts));
  return `unknown command ${JSON.stringify(topic)}${near === undefined ? "" : ` (did you mean ${near}?)`}`;
}

function optionalPod(pod: string | undefined): string | undefined {
  return pod === undefined ? undefined : podName(pod);
}

function podName(written: string): string {
  return written.replace(/^(pods?|po)\//, "");
}

function tooMany(args: readonly string[]): string {
  return `unexpected ${JSON.stringify(args[0])}`;
}

/** Most flags of the kubelet are fields of its configuration: says which. */
function configurationHint(command: CommandName, problem: string): string {
  const flag = /^unknown flag --([\w-]+)$/.exec(problem)?.[1]?.replaceAll("_", "-");
  if (flag === undefined || !["run", "check-config", "down"].includes(command)) return "";
  const path = fieldOfFlag(flag, kubeletFields, "");
  return path === undefined ? "" : `: set ${path} in the --config file`;
}

function fieldOfFlag(flag: string, fields: Fields, prefix: string): string | undefined {
  for (const [name, field] of Object.entries(fields)) {
    if (field.flag === flag) return `${prefix}${name}`;
    if (field.type.kind !== "object") continue;
    const inner = fieldOfFlag(flag, field.type.fields, `${prefix}${name}.`);
    if (inner !== undefined) return inner;
  }
  return undefined;
}
