import assert from "node:assert/strict";
import { test } from "node:test";
import { configMapPayload, type Payload, secretPayload } from "./payload.ts";

function shown(payload: Payload): readonly string[] | string {
  if ("error" in payload) return payload.error;
  return payload.files.map(
    ({ path, mode, content }) => `${path} ${mode.toString(8)} ${new TextDecoder().decode(content)}`,
  );
}

const page = { data: { a: "1", b: "2" }, binaryData: { c: "Mw==" } };

test("all keys become files with the default mode, or the items that are named with theirs, under clean paths", () => {
  assert.deepEqual(shown(configMapPayload({ name: "page" }, page)), ["a 644 1", "b 644 2", "c 644 3"]);
  const items = [
    { key: "b", path: "./x//b" },
    { key: "c", path: "c", mode: 0o400 },
  ];
  assert.deepEqual(shown(configMapPayload({ name: "page", items, defaultMode: 0o600 }, page)), [
    "x/b 600 2",
    "c 400 3",
  ]);
  assert.deepEqual(shown(secretPayload({ secretName: "key" }, { data: { k: "djE=" } })), ["k 644 v1"]);
});

test("a key or an object that is missing is told, unless the volume is optional", () => {
  const items = [{ key: "none", path: "none" }];
  assert.equal(
    shown(configMapPayload({ name: "page", items }, page)),
    "configmap references non-existent config key: none",
  );
  assert.deepEqual(shown(configMapPayload({ name: "page", items, optional: true }, page)), []);
  assert.equal(shown(secretPayload({ secretName: "key", items }, {})), "references non-existent secret key: none");
  assert.equal(shown(secretPayload({ secretName: "key" }, undefined)), 'secret "key" not found');
  assert.deepEqual(shown(secretPayload({ secretName: "key", optional: true }, undefined)), []);
});
