/** What `npm install -g` of the packed program gives, on a Node.js that is too old for it or none at all. */
import assert from "node:assert/strict";
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";

const ROOT = join(import.meta.dirname, "../..");
const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { readonly version: string };
/** Every package is in npm's cache since `npm ci`. */
const QUIET = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];

let directory = "";
let archive = "";
let files: readonly string[] = [];

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): SpawnSyncReturns<string> {
  const result = spawnSync(program, args, { cwd: directory, encoding: "utf8", env });
  assert.equal(result.status, 0, `${program} ${args.join(" ")}\n${result.stdout}${result.stderr}`);
  return result;
}

/** An environment in which only the shell's own tools are found, no Node.js. */
function withoutNode(): NodeJS.ProcessEnv {
  const tools = join(directory, "tools");
  if (!existsSync(tools)) {
    mkdirSync(tools);
    for (const name of ["sh", "readlink", "dirname", "uname", "env"])
      symlinkSync(`/usr/bin/${name}`, join(tools, name));
  }
  return { PATH: tools };
}

before(() => {
  directory = mkdtempSync(join(tmpdir(), "package-"));
  const packed = run("npm", ["pack", "--json", "--loglevel=error", "--pack-destination", directory, ROOT]).stdout;
  const [report] = JSON.parse(packed.slice(packed.indexOf("["))) as {
    readonly filename: string;
    readonly files: readonly { readonly path: string }[];
  }[];
  assert.ok(report);
  archive = join(directory, basename(report.filename));
  files = report.files.map(({ path }) => path);
});
after(() => rmSync(directory, { recursive: true, force: true }));

test("the package holds the program, its documentation and its unit, and no test, source or type", () => {
  const wanted = ["bin/tskubelet", "dist/cli/main.js", "packaging/tskubelet.service", "docs/install.md", "LICENSE"];
  assert.deepEqual(
    wanted.filter((path) => !files.includes(path)),
    [],
  );
  assert.deepEqual(
    files.filter((path) => /\.test\.|\.ts$|tsbuildinfo|^(src|test|bench|node_modules|\.)/.test(path)),
    [],
  );
  const sourceless = files.filter((path) => {
    return path.startsWith("dist/") && !existsSync(join(ROOT, path.replace(/^dist/, "src").replace(/\.js$/, ".ts")));
  });
  assert.deepEqual(sourceless, []);
});

describe("installed globally", () => {
  let program = "";
  before(() => {
    const prefix = join(directory, "prefix");
    run("npm", ["install", "--global", "--prefix", prefix, ...QUIET, archive]);
    program = join(prefix, "bin", "tskubelet");
  });

  test("it runs without any Node.js on the machine", () => {
    const { stdout } = run(program, ["version"], withoutNode());
    assert.match(stdout, new RegExp(`^tskubelet ${version.replaceAll(".", "\\.")} \\(Node\\.js v24\\.`));
  });

  test("it checks a configuration and shows its defaults", () => {
    const { stdout, stderr } = run(program, ["check-config"], withoutNode());
    assert.match(stdout, /^syncFrequency +1m0s +default$/m);
    assert.match(stdout, /^readOnlyPort +10255 +standalone default/m);
    assert.equal(stderr, "");
  });

  test("wrong usage ends with 2, an invalid configuration with 1", () => {
    const status = (...args: readonly string[]) => spawnSync(program, args, { cwd: directory }).status;
    assert.equal(status("gte", "pods"), 2);
    assert.equal(status("check-config", "--config", join(directory, "none.yaml")), 1);
  });
});

test("as a dependency of a project it finds its Node.js beside itself, where npm puts it then", () => {
  const modules = join(directory, "project/node_modules");
  const installed = join(directory, "prefix/lib/node_modules/tskubelet");
  cpSync(installed, join(modules, "tskubelet"), {
    recursive: true,
    filter: (path) => !path.startsWith(join(installed, "node_modules")),
  });
  for (const name of readdirSync(join(installed, "node_modules")).filter((entry) => !entry.startsWith("."))) {
    renameSync(join(installed, "node_modules", name), join(modules, name));
  }
  mkdirSync(join(modules, ".bin"));
  symlinkSync("../tskubelet/bin/tskubelet", join(modules, ".bin/tskubelet"));
  assert.match(run(join(modules, ".bin/tskubelet"), ["version"], withoutNode()).stdout, /^tskubelet /);
});

test("without the Node.js of the package one of the machine is used, and one that is too old is refused", () => {
  const bare = join(directory, "bare");
  mkdirSync(join(bare, "bin"), { recursive: true });
  copyFileSync(join(ROOT, "bin/tskubelet"), join(bare, "bin/tskubelet"));
  for (const part of ["dist", "package.json"]) symlinkSync(join(ROOT, part), join(bare, part));
  symlinkSync(join(ROOT, "node_modules/yaml"), join(bare, "yaml"));
  const machine = (node: string) => {
    const tools = mkdtempSync(join(directory, "node-"));
    symlinkSync(node, join(tools, "node"));
    const env = { PATH: `${tools}:${withoutNode()["PATH"]}` };
    return spawnSync(join(bare, "bin/tskubelet"), ["version"], { cwd: directory, encoding: "utf8", env });
  };
  const current = machine(process.execPath);
  assert.equal(current.status, 0, current.stderr);
  assert.match(current.stdout, /^tskubelet /);
  const oldNode = join(directory, "old-node");
  writeFileSync(oldNode, "#!/bin/sh\necho v20.19.0\n", { mode: 0o755 });
  const old = machine(oldNode);
  assert.equal(old.status, 1);
  assert.match(old.stderr, /Node\.js 24 or newer is needed/);
});
