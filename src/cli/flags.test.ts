import assert from "node:assert/strict";
import { test } from "node:test";
import { type Command, type CommandName, type CommandOf, commandTexts, parseCommandLine, usageText } from "./flags.ts";

function parse<N extends CommandName>(name: N, line: string): CommandOf<N> {
  const result = parseCommandLine(line.split(" "));
  assert.ok(!("usageError" in result), "usageError" in result ? result.usageError : "");
  const command: Command = result;
  assert.equal(command.name, name);
  return command as CommandOf<N>;
}

function refused(line: string): string {
  const result = parseCommandLine(line.split(" "));
  assert.ok("usageError" in result, `${line} is taken`);
  return result.usageError;
}

test("values come after a space or an equals sign, in one letter with or without a space", () => {
  for (const line of ["run -v 4", "run -v=4", "run -v4", "run --v=4", "run --v 4"]) {
    assert.equal(parse("run", line).flags.v, 4, line);
  }
  assert.equal(parse("run", "run --config=/a=b").flags.config, "/a=b");
  assert.equal(parse("run", "run --config /a").flags.config, "/a");
  assert.equal(parse("get", "get pods -ojson").flags.output, "json");
});

test("a boolean takes its value after an equals sign only, in the words of Go", () => {
  for (const [line, value] of [
    ["run --register-node", true],
    ["run --register-node=true", true],
    ["run --register-node=1", true],
    ["run --register-node=false", false],
    ["run --register-node=F", false],
  ] as const) {
    assert.equal(parse("run", line).flags.registerNode, value, line);
  }
  assert.equal(parse("run", "run").flags.registerNode, undefined);
  assert.equal(refused("run --register-node=yes"), 'run: flag --register-node: "yes" is neither true nor false');
  assert.equal(refused("run --register-node false"), 'run: unexpected "false"');
});

test("lists are joined from commas and repetition", () => {
  const { flags } = parse("run", "run --node-labels a=1,b=2 --node-labels=c=3");
  assert.deepEqual(flags.nodeLabels, ["a=1", "b=2", "c=3"]);
  assert.deepEqual(parse("run", "run").flags.nodeLabels, []);
});

test("underscores stand for dashes", () => {
  assert.equal(parse("run", "run --config_dir=/d").flags.configDir, "/d");
});

test("a flag that is not known is an error that names the near one", () => {
  assert.equal(refused("run --manifest x"), "run: unknown flag --manifest (did you mean --manifests?)");
  assert.equal(refused("logs web --flollow"), "logs: unknown flag --flollow (did you mean --follow?)");
  assert.equal(refused("get pods -z"), "get: unknown flag -z");
  assert.equal(refused("get pods -wz"), "get: unknown flag -z in -wz");
});

test("a flag of the kubelet that is a field of the configuration says so", () => {
  assert.equal(refused("run --max-pods=5"), "run: unknown flag --max-pods: set maxPods in the --config file");
  const nested = "run: unknown flag --authorization-mode: set authorization.mode in the --config file";
  assert.equal(refused("run --authorization-mode=Webhook"), nested);
});

test("a value is missing, no number, no duration or none of the choices", () => {
  assert.equal(refused("run --config"), "run: flag --config needs a value: --config FILE");
  assert.equal(refused("run -v high"), 'run: flag -v: "high" is not an integer');
  assert.equal(refused("logs web --since 5"), 'logs: flag --since: "5" is not a duration such as 1m30s');
  assert.equal(refused("get pods -o xml"), 'get: flag -o: "xml" is not one of json, yaml, wide, name');
});

test("an unknown command names the near one; flags stand after the command", () => {
  assert.equal(refused("desribe pod web"), 'unknown command "desribe" (did you mean describe?)');
  assert.equal(refused("--root-dir /x get pods"), "--root-dir stands before the command; flags come after it");
});

test("nothing, -h and help ask for help, with a topic where there is one", () => {
  assert.deepEqual(parseCommandLine([]), { name: "help", topic: undefined });
  assert.deepEqual(parseCommandLine(["--help"]), { name: "help", topic: undefined });
  assert.deepEqual(parseCommandLine(["help", "logs"]), { name: "help", topic: "logs" });
  assert.deepEqual(parseCommandLine(["logs", "-h"]), { name: "help", topic: "logs" });
  assert.deepEqual(parseCommandLine(["exec", "--help"]), { name: "help", topic: "exec" });
  assert.equal(refused("help lgos"), 'help: unknown command "lgos" (did you mean logs?)');
});

test("get takes KIND NAME... and KIND/NAME...", () => {
  assert.deepEqual(parse("get", "get pods a b").names, ["a", "b"]);
  const slashed = parse("get", "get pod/a pod/b -n x -w");
  assert.deepEqual([slashed.kind, slashed.names], ["pod", ["a", "b"]]);
  assert.deepEqual([slashed.flags.namespace, slashed.flags.watch], ["x", true]);
  assert.equal(refused("get pod/a node/b"), 'get: "node/b": expected pod/NAME');
  assert.match(refused("get"), /^get: name what to list/);
});

test("describe takes KIND NAME or KIND/NAME", () => {
  for (const line of ["describe pod web", "describe pod/web"]) {
    const { kind, object } = parse("describe", line);
    assert.deepEqual([kind, object], ["pod", "web"]);
  }
  assert.equal(refused("describe web"), "describe: name a KIND and a NAME");
  assert.equal(refused("describe pod web more"), 'describe: unexpected "more"');
});

test("logs takes a container once, by argument or flag", () => {
  assert.equal(parse("logs", "logs web app -f").container, "app");
  assert.equal(parse("logs", "logs pod/web -c app").pod, "web");
  assert.equal(parse("logs", "logs web --since=90s").flags.since, 90_000);
  assert.match(refused("logs web app -c other"), /name the container once/);
  assert.match(refused("logs web app --all-containers"), /leaves no room/);
  assert.match(refused("logs web --since=1m --since-time=2024-01-01T00:00:00Z"), /only one of/);
});

test("exec needs -- before the command and hands everything after it on", () => {
  const command = parse("exec", "exec -it web -c app -- sh -c ls --all -- x");
  assert.deepEqual(command.command, ["sh", "-c", "ls", "--all", "--", "x"]);
  assert.deepEqual([command.pod, command.flags.stdin, command.flags.tty], ["web", true, true]);
  assert.equal(command.flags.container, "app");
  assert.equal(refused("exec web ls"), "exec: put -- before the command: tskubelet exec web -- ls");
  assert.equal(refused("exec web --"), "exec: name a COMMAND after --");
});

test("top takes pods or node, pods where nothing is said", () => {
  assert.equal(parse("top", "top").kind, "pods");
  assert.equal(parse("top", "top node").kind, "node");
  assert.deepEqual(parse("top", "top pod a").names, ["a"]);
  assert.match(refused("top web"), /expected pods or node/);
});

test("commands without arguments refuse them", () => {
  for (const name of ["run", "images", "check-config", "down", "version"]) {
    assert.equal(refused(`${name} x`), `${name}: unexpected "x"`);
  }
  assert.equal(refused("simulate"), "simulate: name a FILE");
});

test("check-config and down take every flag of run", () => {
  const line =
    "--config /c --config-dir /d --manifests /m -v 2 --register-with-taints a=b:NoSchedule --stop-pods-on-exit";
  assert.equal(parse("check-config", `check-config ${line} -o yaml`).flags.output, "yaml");
  assert.equal(parse("down", `down ${line} --grace-period 5`).flags.gracePeriod, 5);
});

test("every command has a usage text that names it, within 100 columns", () => {
  for (const name of Object.keys(commandTexts) as CommandName[]) {
    const text = usageText(name);
    assert.ok(text.endsWith("\n"));
    if (name !== "help") assert.ok(text.includes(`Usage: tskubelet ${name}`), name);
    for (const line of text.split("\n")) assert.ok(line.length <= 100, line);
    assert.ok(usageText().includes(`  ${name} `), name);
  }
});
