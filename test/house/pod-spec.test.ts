import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { GoType } from "../../src/core/manifest/go-type.ts";
import { fieldsOf } from "../../src/core/manifest/struct-types.ts";
import { NOT_YET } from "../../src/core/pod/unsupported-fields.ts";

interface Row {
  readonly field: string;
  readonly state: string;
  readonly note: string;
}

const STATES = ["supported", "by the runtime", "not yet", "not the node's", "no Linux"];
/** Of the metadata of a claim's template nothing is a PodSpec's own. */
const ELSEWHERE = new Set(["ObjectMeta"]);

function rowsOf(text: string): readonly Row[] {
  const rows = text.matchAll(/^\| `([\w.*]+)` \| ([^|]+) \| ([^|]*)\|$/gm);
  return Array.from(rows, ([, field = "", state = "", note = ""]) => ({
    field,
    state: state.trim(),
    note: note.trim(),
  }));
}

function structsIn(type: GoType): readonly string[] {
  if (type.kind === "struct") return [type.struct];
  if (type.kind === "list") return structsIn(type.item.type);
  return type.kind === "map" ? structsIn(type.value.type) : [];
}

/** PodSpec and every struct that it can hold. */
function structsBelowPodSpec(): ReadonlySet<string> {
  const reached = new Set(["PodSpec"]);
  for (const struct of reached) {
    for (const { type } of fieldsOf(struct).values()) {
      for (const inner of structsIn(type)) if (!ELSEWHERE.has(inner)) reached.add(inner);
    }
  }
  return reached;
}

/** What a table lacks, and what it has that the API has not. */
function problemsOf(rows: readonly Row[]): readonly string[] {
  const structs = structsBelowPodSpec();
  const named = new Set(rows.map(({ field }) => field));
  const all = [...structs].flatMap((struct) => [...fieldsOf(struct).keys()].map((field) => `${struct}.${field}`));
  const known = new Set([...all, ...[...structs].map((struct) => `${struct}.*`)]);
  return [
    ...all.filter((name) => !named.has(name) && !named.has(`${name.split(".")[0]}.*`)).map((name) => `no row: ${name}`),
    ...rows.filter(({ field }) => !known.has(field)).map(({ field }) => `no such field: ${field}`),
    ...rows
      .filter(({ field }, index) => rows.findIndex((row) => row.field === field) !== index)
      .map(({ field }) => `twice: ${field}`),
    ...rows
      .filter(({ state }) => !STATES.includes(state))
      .map(({ field, state }) => `no such state: ${field}: ${state}`),
  ];
}

const rows = rowsOf(readFileSync(join(import.meta.dirname, "../../docs/pod-spec.md"), "utf8"));

test("docs/pod-spec.md has every field of the API, and no other", () => {
  assert.ok(structsBelowPodSpec().has("HTTPHeader"));
  assert.ok(rows.length > 150);
  assert.deepEqual(problemsOf(rows), []);
});

test("it says not yet of exactly what the agent warns about", () => {
  const notYet = rows.filter(({ state }) => state === "not yet").map(({ field }) => field);
  assert.deepEqual(notYet.toSorted(), [...NOT_YET].toSorted());
});

test("a field that is missing, unknown or named twice is found", () => {
  const without = rows.filter(({ field }) => field !== "PodSpec.hostIPC" && field !== "Probe.*");
  const wrong: Row = { field: "PodSpec.hostTime", state: "perhaps", note: "" };
  const problems = problemsOf([...without, wrong, ...rows.slice(0, 1)]);
  for (const text of [
    "no row: PodSpec.hostIPC",
    "no row: Probe.exec",
    "no such field: PodSpec.hostTime",
    "twice: PodSpec.volumes",
  ]) {
    assert.ok(problems.includes(text), text);
  }
  assert.ok(problems.includes("no such state: PodSpec.hostTime: perhaps"));
});
