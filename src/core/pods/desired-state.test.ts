import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type DesiredState,
  EMPTY_DESIRED_STATE,
  type ManifestContent,
  type ManifestObject,
  mergeObjects,
  takeSnapshot,
  takeUnreadable,
} from "./desired-state.ts";

function pod(name: string, uid = name): ManifestObject {
  return { kind: "Pod", object: { metadata: { name, namespace: "default", uid } } };
}

function file(path: string, ...objects: readonly ManifestObject[]): ManifestContent {
  return { path, objects, problems: [], unusable: false };
}

function names(state: DesiredState): readonly string[] {
  return [...mergeObjects(state, undefined).pods.values()].map(({ pod: { metadata } }) => metadata?.name ?? "");
}

test("an unusable file keeps what it said last", () => {
  const before = takeSnapshot(EMPTY_DESIRED_STATE, "s", [file("a", pod("web"))]);
  const broken = { path: "a", objects: [], problems: [{ path: "a", message: "oops" }], unusable: true };
  assert.deepEqual(names(takeSnapshot(before, "s", [broken])), ["web"]);
});

test("a broken document keeps its object, documents that went are gone", () => {
  const before = takeSnapshot(EMPTY_DESIRED_STATE, "s", [file("a", pod("web"), pod("db"), pod("old"))]);
  const problems = [{ path: "a", message: "oops", subject: "Pod default/db" }];
  const now = { path: "a", objects: [pod("web")], problems, unusable: false };
  assert.deepEqual(names(takeSnapshot(before, "s", [now])), ["web", "db"]);
});

test("a file that went takes its objects with it, a source that cannot be read does not", () => {
  const before = takeSnapshot(EMPTY_DESIRED_STATE, "s", [file("a", pod("web"))]);
  assert.deepEqual(names(takeSnapshot(before, "s", [])), []);
  const unreadable = takeUnreadable(before, "s", "permission denied");
  assert.deepEqual(names(unreadable), ["web"]);
  assert.deepEqual(unreadable.unreadable, { s: "permission denied" });
});

test("of two files that claim a name the one that had it keeps it, and the other is told", () => {
  const first = takeSnapshot(EMPTY_DESIRED_STATE, "s", [file("b", pod("web", "1"))]);
  const held = mergeObjects(first, undefined);
  const both = takeSnapshot(first, "s", [file("a", pod("web", "2")), file("b", pod("web", "1"))]);
  const merged = mergeObjects(both, held);
  assert.deepEqual([...merged.pods.keys()], ["1"]);
  assert.equal(merged.conflicts.length, 1);
  assert.match(merged.conflicts[0]?.message ?? "", /already defined by b/);
});

test("a name stays with its file for any kind of object, and goes on when the file gives it up", () => {
  const config = (value: string): ManifestObject => ({
    kind: "ConfigMap",
    object: { metadata: { name: "c", namespace: "default" }, data: { value } },
  });
  const first = takeSnapshot(EMPTY_DESIRED_STATE, "s", [file("b", config("b"))]);
  const { holders } = mergeObjects(first, undefined);
  assert.deepEqual([...holders], [["ConfigMap default/c", "s:b"]]);
  const both = takeSnapshot(first, "s", [file("a", config("a")), file("b", config("b"))]);
  assert.equal(mergeObjects(both, { holders }).configMaps.get("default/c")?.data?.["value"], "b");
  const given = mergeObjects(takeSnapshot(both, "s", [file("a", config("a"))]), { holders });
  assert.equal(given.configMaps.get("default/c")?.data?.["value"], "a");
  assert.deepEqual([...given.holders], [["ConfigMap default/c", "s:a"]]);
});

test("without a holder the first path wins; a name said twice in one file is told", () => {
  const state = takeSnapshot(EMPTY_DESIRED_STATE, "s", [file("b", pod("web", "2")), file("a", pod("web", "1"))]);
  assert.deepEqual([...mergeObjects(state, undefined).pods.keys()], ["1"]);
  const twice = takeSnapshot(EMPTY_DESIRED_STATE, "s", [file("a", pod("web", "1"), pod("web", "2"))]);
  const merged = mergeObjects(twice, undefined);
  assert.deepEqual([...merged.pods.keys()], ["1"]);
  assert.match(merged.conflicts[0]?.message ?? "", /an earlier document of this file/);
});

test("an immutable ConfigMap or Secret keeps its content until it is made anew, and the attempt is told", () => {
  const config = (data: Readonly<Record<string, string>>, immutable = true): ManifestObject => ({
    kind: "ConfigMap",
    object: { metadata: { name: "c", namespace: "default" }, data, immutable },
  });
  const shown = (state: DesiredState) => mergeObjects(state, undefined).configMaps.get("default/c")?.data?.["a"];
  const told = (state: DesiredState) => state.files["s:f"]?.problems.map(({ message }) => message);
  const first = takeSnapshot(EMPTY_DESIRED_STATE, "s", [file("f", config({ a: "1" }))]);
  const second = takeSnapshot(first, "s", [file("f", config({ a: "2" }), pod("web"))]);
  assert.equal(shown(second), "1");
  assert.deepEqual(told(second), [
    "data: Forbidden: field is immutable when `immutable` is set; delete the object and create it anew",
  ]);
  assert.deepEqual(names(second), ["web"]);
  const freed = takeSnapshot(second, "s", [file("f", config({ a: "1" }, false))]);
  assert.match(told(freed)?.join() ?? "", /^immutable: Forbidden/);
  assert.deepEqual(told(takeSnapshot(freed, "s", [file("f", config({ a: "1" }))])), []);
  const gone = takeSnapshot(second, "s", [file("f")]);
  assert.equal(shown(takeSnapshot(gone, "s", [file("f", config({ a: "2" }))])), "2");
});
