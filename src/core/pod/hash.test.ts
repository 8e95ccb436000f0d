import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container } from "../api/types.ts";
import { containerHash } from "./hash.ts";

const container: Container = {
  name: "a",
  image: "b",
  env: [{ name: "X", value: "1" }],
  securityContext: { runAsUser: 0 },
};

test("the order of keys and empty fields change no hash", () => {
  const { name, ...rest } = container;
  const spread = { ...rest, args: [], resources: {}, workingDir: "", command: null, name } as unknown as Container;
  assert.equal(containerHash(spread), containerHash(container));
});

test("every set field counts, 0 and false among them", () => {
  const changes: readonly Partial<Container>[] = [
    { image: "c" },
    { env: [{ name: "X", value: "2" }] },
    { securityContext: {} },
    { stdin: false },
    { args: ["", "x"] },
    { args: ["x", ""] },
  ];
  const hashes = changes.map((change) => containerHash({ ...container, ...change }));
  assert.equal(new Set([...hashes, containerHash(container)]).size, changes.length + 1);
});

test("a field that a later Kubernetes defaults restarts nothing", () => {
  const resized: Container = { ...container, resizePolicy: [{ resourceName: "cpu", restartPolicy: "NotRequired" }] };
  assert.equal(containerHash(resized), containerHash(container));
});

test("the hash is the same in every version of the agent", () => {
  assert.equal(containerHash({ name: "a", image: "b" }), "37c8231c");
});
