import assert from "node:assert/strict";
import { test } from "node:test";
import { matchesRepository } from "./registry-pattern.ts";

test("hosts match part by part, with the same port, and a path that begins alike", () => {
  const matching = [
    ["quay.io", "quay.io/team/app"],
    ["*.docker.io", "blah.docker.io/a"],
    ["prefix.*.io", "prefix.kubernetes.io/a"],
    ["*.kubernetes.io/prefix", "my.kubernetes.io/prefix/a"],
    ["*.kubernetes.io/prefix", "my.kubernetes.io/prefixed"],
    ["k8s*.io:8443", "k8s-test.io:8443/a"],
    ["127.0.0.1:5000", "127.0.0.1:5000/a"],
    ["user@quay.io", "quay.io/a"],
  ] as const;
  for (const [pattern, repository] of matching) assert.ok(matchesRepository(pattern, repository), pattern);
});

test("another number of host parts, another port or another path is another registry", () => {
  const failing = [
    ["*.docker.io", "docker.io/a"],
    ["*.io", "a.b.io/c"],
    ["quay.io:443", "quay.io/a"],
    ["quay.io", "quay.io:443/a"],
    ["quay.io/team", "quay.io/other"],
    ["quay.io/*", "quay.io/team"],
    ["[", "["],
    ["qu ay.io", "qu ay.io/a"],
    ["quay.io:x", "quay.io:x/a"],
  ] as const;
  for (const [pattern, repository] of failing) assert.ok(!matchesRepository(pattern, repository), pattern);
});
