import assert from "node:assert/strict";
import { test } from "node:test";
import { credentialsFor, keyringOf } from "./keyring.ts";

const entry = (location: string, username: string) => ({ location, username, password: "" });

/** User names in the order in which they are tried. */
function tried(entries: readonly ReturnType<typeof entry>[], repository: string) {
  return credentialsFor(keyringOf([{ entries }]), repository).map(({ username }) => username);
}

test("the more exact registry comes first, and all that match are tried", () => {
  const entries = [
    entry("quay.io", "host"),
    entry("quay.io/team/app", "app"),
    entry("quay.io/team", "team"),
    entry("*.io", "glob"),
    entry("gcr.io", "other"),
  ];
  assert.deepEqual(tried(entries, "quay.io/team/app"), ["app", "team", "host", "glob"]);
  assert.deepEqual(tried(entries, "quay.io/x"), ["host", "glob"]);
});

test("a scheme, the version of the protocol and a slash at the end say nothing", () => {
  for (const location of ["https://quay.io", "http://quay.io/", "quay.io/v1/", "https://quay.io/v2/"]) {
    assert.deepEqual(tried([entry(location, "u")], "quay.io/a"), ["u"], location);
  }
  assert.deepEqual(tried([entry("https://quay.io/v2/team", "u")], "quay.io/team/a"), ["u"]);
});

test("Docker's own name of its registry counts for images of the default registry that nothing else matches", () => {
  const docker = entry("https://index.docker.io/v1/", "hub");
  assert.deepEqual(tried([docker], "docker.io/library/busybox"), ["hub"]);
  assert.deepEqual(tried([docker], "quay.io/busybox"), []);
  assert.deepEqual(tried([docker, entry("docker.io", "exact")], "docker.io/library/busybox"), ["exact"]);
});

test("of one registry the Secret that the pod names first is tried first", () => {
  const secret = (name: string) => ({ uid: name, namespace: "default", name });
  const keyring = keyringOf([
    { entries: [entry("quay.io", "first")], secret: secret("a") },
    { entries: [entry("quay.io", "second")], secret: secret("b") },
  ]);
  assert.deepEqual(credentialsFor(keyring, "quay.io/x"), [
    { username: "first", password: "", secret: secret("a") },
    { username: "second", password: "", secret: secret("b") },
  ]);
});
