/** Plants one violation of each rule in a copy of the sources: the gates that `npm run check` runs must refuse each one. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";

const ROOT = join(import.meta.dirname, "../..");

interface Planted {
  readonly rule: string;
  /** Below src/. */
  readonly file: string;
  readonly text: string;
  /** Which of the compiler's refusals: anything else would be a refusal for another reason. */
  readonly code?: RegExp;
}

/** "is not listed within the file list of project": the room has no reference to that one. */
const NO_REFERENCE = /TS6307/;
/** Cannot find name, cannot find module, and the same with advice on where types would come from. */
const NOT_THERE = /TS(2304|2307|2591|2584|2580)/;

const importing = (path: string) => `import * as other from "${path}";\n\nexport const planted = other;\n`;
const doing = (expression: string) => `export const planted = (): unknown => ${expression};\n`;

/** `from` imports a file of `to` that is as legal as can be. */
function crossing(from: string, to: string): Planted {
  const file = `${from}/p-imports-${to}.ts`;
  return { rule: `${from} imports ${to}`, file, text: importing(`../${to}/p-leaf.ts`), code: NO_REFERENCE };
}

function using(room: string, name: string, text: string): Planted {
  return {
    rule: `${room} uses ${name}`,
    file: `${room}/p-${name.replace(/\W/g, "-").toLowerCase()}.ts`,
    text,
    code: NOT_THERE,
  };
}

/** Refused by the compiler: a room sees only what its tsconfig.json lets in. */
const forCompiler: readonly Planted[] = [
  ...["ports", "host", "agent", "server", "sim", "cli"].map((room) => crossing("core", room)),
  ...["host", "agent", "server", "sim", "cli"].map((room) => crossing("ports", room)),
  ...["agent", "server", "sim", "cli"].map((room) => crossing("host", room)),
  ...["host", "server", "sim", "cli"].map((room) => crossing("agent", room)),
  ...["host", "sim", "cli"].map((room) => crossing("server", room)),
  ...["host", "server", "cli"].map((room) => crossing("sim", room)),
  ...["core", "ports", "agent", "sim"].flatMap((room) => [
    using(room, "node:fs", importing("node:fs")),
    using(room, "setTimeout", doing("setTimeout(() => {}, 1)")),
    using(room, "console", doing('console.log("x")')),
    using(room, "process", doing("process.env")),
  ]),
  using("core", "import()", doing('import("node:fs")')),
  using("core", "fetch", doing('fetch("x")')),
  using("core", "crypto", doing("crypto.randomUUID()")),
  using("core", "performance", doing("performance.now()")),
  {
    rule: "a type of another room",
    file: "core/p-type.ts",
    text: `export type { Leaf } from "../ports/p-type-leaf.ts";\n`,
    code: NO_REFERENCE,
  },
  {
    rule: "an item of a list taken for present",
    file: "core/p-item.ts",
    text: "export const planted = (list: readonly string[]): string => list[0];\n",
    code: /TS2322/,
  },
  { rule: "an enum", file: "core/p-enum.ts", text: "export enum Planted {\n  A = 1,\n}\n", code: /TS1294/ },
];

/** Refused by the linter. */
const forLinter: readonly Planted[] = [
  { rule: "core reads the time", file: "core/p-now.ts", text: doing("Date.now()") },
  { rule: "core makes a date of now", file: "core/p-date.ts", text: doing("new Date()") },
  { rule: "core throws dice", file: "core/p-random.ts", text: doing("Math.random()") },
  { rule: "agent reads the time", file: "agent/p-now.ts", text: doing("Date.now()") },
  { rule: "sim throws dice", file: "sim/p-random.ts", text: doing("Math.random()") },
  { rule: "a default export", file: "core/p-default.ts", text: "export default 1;\n" },
  { rule: "any", file: "core/p-any.ts", text: "export const planted = (value: any): unknown => value;\n" },
  {
    rule: "a value trusted to be there",
    file: "core/p-bang.ts",
    text: `export const planted = (list: readonly string[]): string => list[0]!;\n`,
  },
  { rule: "a name in camel case", file: "core/plantedFile.ts", text: "export const planted = 1;\n" },
];

/** What the rooms are for is let through: a gate that refuses everything proves nothing. */
const legal: readonly Planted[] = [
  ...["core", "ports", "host", "agent", "server", "sim", "cli"].map((room) => {
    return { rule: `${room} holds a constant`, file: `${room}/p-leaf.ts`, text: "export const planted = 1;\n" };
  }),
  { rule: "ports hold a type", file: "ports/p-type-leaf.ts", text: "export type Leaf = string;\n" },
  {
    rule: "core computes with a time that it is given",
    file: "core/p-legal.ts",
    text: "export const planted = (ms: number): string => new Date(ms).toISOString();\n",
  },
  ...["agent", "sim"].map((room) => {
    const imports = `import type { Pod } from "../core/api/types.ts";\nimport type { Clock } from "../ports/clock.ts";\n`;
    const text = `${imports}\nexport type Planted = readonly [Pod, Clock];\n`;
    return { rule: `${room} uses core and ports`, file: `${room}/p-legal.ts`, text };
  }),
  {
    rule: "host uses Node.js and the time",
    file: "host/p-legal.ts",
    text: `import { existsSync } from "node:fs";\n\nexport const planted = (): boolean => existsSync("/") && Date.now() > 0;\n`,
  },
];

let copy = "";
before(() => {
  copy = mkdtempSync(join(tmpdir(), "house-"));
  // What was compiled before is there too, so that only what was planted is compiled.
  const made = [".cache/tsc", "dist"].filter((part) => existsSync(join(ROOT, part)));
  for (const part of [...made, "src", "package.json", "tsconfig.base.json", "biome.json", "scripts", ".gitignore"]) {
    cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  for (const { file, text } of [...forCompiler, ...forLinter, ...legal]) writeFileSync(join(copy, "src", file), text);
});
after(() => rmSync(copy, { recursive: true }));

function output(program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(join(ROOT, "node_modules/.bin", program), args, {
    cwd: copy,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  assert.notEqual(status, 0, `${program} lets everything pass`);
  return stdout + stderr;
}

describe("the compiler", () => {
  let refused = "";
  before(() => {
    refused = output("tsc", ["-b", "src/cli", "src/sim", "--pretty", "false"]);
  });
  for (const { rule, file, code } of forCompiler) {
    test(`refuses: ${rule}`, () => {
      const told = refused.split("\n").filter((line) => line.startsWith(`src/${file}(`));
      assert.match(told.join("\n"), code ?? /TS/);
    });
  }
  for (const { rule, file } of legal) {
    test(`lets pass: ${rule}`, () => assert.doesNotMatch(refused, new RegExp(`^src/${file}\\(`, "m")));
  }
});

describe("the linter", () => {
  let refused = "";
  before(() => {
    const files = [...forLinter, ...legal].map(({ file }) => join("src", file));
    refused = output("biome", ["lint", "--max-diagnostics=none", "--colors=off", ...files]);
  });
  for (const { rule, file } of forLinter) {
    test(`refuses: ${rule}`, () => assert.ok(refused.includes(basename(file)), refused));
  }
  for (const { rule, file } of legal) {
    test(`lets pass: ${rule}`, () => assert.ok(!refused.includes(`src/${file}`), refused));
  }
});
