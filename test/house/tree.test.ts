import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { namesThatSayNothing, openingProblem, overlongFiles, ROOMS } from "./tree-rules.ts";

const ROOT = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const sources = globSync(["src/**/*.ts", "test/**/*.ts", "bench/**/*.ts", "scripts/**/*.ts"], { cwd: ROOT });

test("every file is named after what is in it", () => {
  assert.deepEqual(namesThatSayNothing(sources), []);
});

test("a file or folder for everything is found", () => {
  const bad = ["src/core/utils.ts", "src/agent/helpers.test.ts", "src/host/common/x.ts", "test/util.ts"];
  assert.deepEqual(namesThatSayNothing([...bad, "src/core/pod/phase.ts", "test/support/pods.ts"]), bad);
});

test("no source is longer than a reader can keep in mind", () => {
  const files = new Map(sources.filter((path) => path.startsWith("src/")).map((path) => [path, read(path)]));
  assert.deepEqual(overlongFiles(files), []);
  assert.deepEqual(overlongFiles(new Map([["long.ts", "x\n".repeat(401)]])), ["long.ts: 401 lines"]);
});

for (const room of ROOMS) {
  test(`the ${room} room says what it owns and what it refuses`, () => {
    const path = `src/${room}/index.ts`;
    assert.equal(openingProblem(existsSync(join(ROOT, path)) ? read(path) : undefined), undefined);
  });
}

test("an index without a good opening is found", () => {
  assert.ok(openingProblem(undefined));
  assert.ok(openingProblem('export * from "./x.ts";\n'));
  assert.ok(openingProblem("/**\n * Owns this. Refuses that.\n */\n"));
  assert.ok(openingProblem("/**\n * One.\n * Two.\n * Three.\n */\n"));
  assert.equal(openingProblem("/**\n * Owns this.\n * Refuses that.\n * And more.\n */\n"), undefined);
});

test("what a user or contributor looks for is there", () => {
  const wanted = [
    "README.md",
    "LICENSE",
    "SECURITY.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/install.md",
    "docs/dependencies.md",
    "packaging/tskubelet.service",
  ];
  assert.deepEqual(
    wanted.filter((path) => !existsSync(join(ROOT, path))),
    [],
  );
  assert.match(read("LICENSE"), /Apache License\s+Version 2\.0/);
  const { version } = JSON.parse(read("package.json")) as { readonly version: string };
  assert.ok(read("CHANGELOG.md").includes(`## ${version}`), `CHANGELOG.md says nothing about ${version}`);
});

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

test("docs/dependencies.md lists each dependency with its version and nothing else", () => {
  const manifest = JSON.parse(read("package.json")) as Manifest;
  const { dependencies, optionalDependencies, devDependencies } = manifest;
  const rows = read("docs/dependencies.md").matchAll(/^\| `([^`]+)` \| ([^ |]+) \|/gm);
  const listed = [...rows].map(([, name, version]) => `${name} ${version}`).sort();
  const all = Object.entries({ ...dependencies, ...optionalDependencies, ...devDependencies });
  assert.deepEqual(listed, all.map(([name, version]) => `${name} ${version}`).sort());
});

test("every dependency is used, and those of tests alone stay with the tests", () => {
  const manifest = JSON.parse(read("package.json")) as Manifest;
  const imported = (paths: readonly string[], withTypes: boolean) => {
    const text = paths.map(read).join("\n");
    // Types leave nothing behind in what runs.
    const code = withTypes ? text : text.replace(/^(import|export) type [^;]*;/gm, "");
    const names = code.matchAll(/(?:from|import)\s*\(?"((?:@[\w-]+\/)?[\w-]+)[^"]*"/g);
    return new Set([...names].map(([, name]) => name));
  };
  const product = sources.filter((path) => path.startsWith("src/") && !path.endsWith(".test.ts"));
  const ours = (names: ReadonlySet<string | undefined>) => (name: string) => names.has(name);
  const run = imported(product, false);
  const { dependencies, devDependencies } = manifest;
  assert.deepEqual(
    Object.keys(dependencies).filter((name) => !ours(run)(name)),
    [],
    "not imported by src",
  );
  assert.deepEqual(Object.keys(devDependencies).filter(ours(run)), [], "imported by src: no longer for tests alone");
  const tools = ["@biomejs/biome", "typescript", "@types/node"];
  const inTests = imported(sources, true);
  const idle = Object.keys(devDependencies).filter((name) => !tools.includes(name) && !ours(inTests)(name));
  assert.deepEqual(idle, [], "not imported by any test");
});

test("no tracked file names a package registry: where packages come from is the machine's business", () => {
  const configured = execFileSync("npm", ["config", "get", "registry"], { cwd: ROOT, encoding: "utf8" });
  const dotted = (...parts: readonly string[]) => parts.join(".");
  const hosts = [
    new URL(configured.trim()).host,
    dotted("registry", "npmjs", "org"),
    dotted("registry", "yarnpkg", "com"),
    dotted("registry", "npmmirror", "com"),
    dotted("deb", "debian", "org"),
    dotted("archive", "ubuntu", "com"),
    dotted("files", "pythonhosted", "org"),
  ];
  const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: ROOT, encoding: "utf8" }).split("\0");
  const named = tracked
    .filter((path) => path !== "" && existsSync(join(ROOT, path)))
    .flatMap((path) => {
      const text = read(path);
      return hosts.filter((host) => text.includes(host)).map((host) => `${path}: ${host}`);
    });
  assert.deepEqual(named, []);
});
