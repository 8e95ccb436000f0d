import assert from "node:assert/strict";
import { test } from "node:test";
import { allowlistError } from "./allowlist.ts";
import type { Credential } from "./keyring.ts";
import {
  grantingSecret,
  isOpenToAll,
  mustVerify,
  type PulledImage,
  recordGrant,
  recordPull,
  type VerificationPolicy,
} from "./pulled-image.ts";

const IMAGE = "quay.io/team/app:1";

function credential(name: string, password: string, uid = `uid-${name}`): Credential {
  return { username: "u", password, secret: { uid, namespace: "team", name } };
}

function allows(record: PulledImage | undefined, credentials: readonly Credential[], image = IMAGE): boolean {
  return isOpenToAll(record, image) || grantingSecret(record, image, credentials) !== undefined;
}

test("each policy verifies what its name says", () => {
  const verifies = (policy: VerificationPolicy, isPulled: boolean, image = IMAGE) =>
    mustVerify({ policy, allowlist: ["quay.io/team/*", "docker.io/library/busybox"] }, image, isPulled);
  assert.deepEqual([verifies("NeverVerify", true), verifies("NeverVerify", false)], [false, false]);
  assert.deepEqual([verifies("AlwaysVerify", true), verifies("AlwaysVerify", false)], [true, true]);
  const preloaded = "NeverVerifyPreloadedImages";
  assert.deepEqual([verifies(preloaded, true), verifies(preloaded, false)], [true, false]);
  const listed = "NeverVerifyAllowlistedImages";
  const images = [IMAGE, "busybox", "busybox:1", "quay.io/teams/app", "quay.io/team", "docker.io/library/busybox2"];
  assert.deepEqual(
    images.map((image) => verifies(listed, true, image)),
    [false, false, false, true, true, true],
  );
});

test("an image that needed no credentials, or those of the node, is every pod's", () => {
  for (const used of [undefined, { username: "node", password: "p" }]) {
    const record = recordPull(undefined, "sha", IMAGE, used);
    assert.ok(allows(record, []));
    // The same image under another name is another question to the registry.
    assert.ok(!allows(record, [], "quay.io/other/app:1"));
    assert.ok(allows(record, [], "quay.io/team/app@sha256:".concat("a".repeat(64))));
  }
});

test("an image that was pulled with a Secret is for pods with that Secret, or with one of the same content", () => {
  const record = recordPull(undefined, "sha", IMAGE, credential("pull", "old"));
  assert.ok(allows(record, [credential("pull", "old")]));
  assert.ok(allows(record, [credential("elsewhere", "old")]));
  assert.ok(allows(record, [credential("pull", "new")]));
  assert.ok(!allows(record, [credential("elsewhere", "new")]));
  assert.ok(!allows(record, [credential("pull", "new", "recreated")]));
  assert.ok(!allows(record, []));
  assert.ok(!allows(record, [{ username: "u", password: "old" }]));
});

test("a Secret that was let in is remembered with its content", () => {
  const record = recordPull(undefined, "sha", IMAGE, credential("pull", "old"));
  const granted = grantingSecret(record, IMAGE, [credential("pull", "new")]);
  assert.ok(granted);
  const learned = recordGrant(record, IMAGE, granted);
  assert.ok(allows(learned, [credential("elsewhere", "new")]));
  assert.ok(!allows(learned, [credential("elsewhere", "old")]));
});

test("a pull that is open to every pod stays so; one with a Secret adds to those before", () => {
  const first = recordPull(undefined, "sha", IMAGE, credential("a", "a"));
  const second = recordPull(first, "sha", IMAGE, credential("b", "b"));
  assert.ok(allows(second, [credential("a", "a")]) && allows(second, [credential("b", "b")]));
  const open = recordPull(second, "sha", IMAGE, undefined);
  assert.ok(allows(recordPull(open, "sha", IMAGE, credential("c", "c")), []));
});

test("a record without credentials lets nobody in", () => {
  assert.ok(!allows({ imageRef: "sha", byRepository: {} }, [credential("pull", "p")]));
  assert.ok(!allows(undefined, [credential("pull", "p")]));
});

test("no more than a hundred Secrets are remembered, the latest", () => {
  let record = recordPull(undefined, "sha", IMAGE, credential("s0", "0"));
  for (let index = 1; index <= 100; index += 1)
    record = recordPull(record, "sha", IMAGE, credential(`s${index}`, `${index}`));
  assert.ok(!allows(record, [credential("s0", "0")]));
  assert.ok(allows(record, [credential("s1", "1")]) && allows(record, [credential("s100", "100")]));
});

test("no password is in the record", () => {
  const record = recordPull(undefined, "sha", IMAGE, credential("pull", "open-sesame"));
  assert.ok(!JSON.stringify(record).includes("open-sesame"));
});

test("entries of the list are whole names, or begin one", () => {
  for (const pattern of ["quay.io/*", "quay.io/team/*", "docker.io/library/busybox"]) {
    assert.equal(allowlistError(pattern), undefined, pattern);
  }
  assert.equal(allowlistError(" quay.io/a"), "leading/trailing spaces are not allowed:  quay.io/a");
  assert.equal(allowlistError(""), "the supplied pattern is too short: ");
  assert.match(allowlistError("quay.io/*/a") ?? "", /^not a valid wildcard pattern/);
  assert.equal(allowlistError("/*"), "at least registry hostname is required");
  assert.match(allowlistError("quay.io/a:1") ?? "", /^neither tag nor digest .*write quay\.io\/a/);
  assert.match(allowlistError("busybox") ?? "", /write docker\.io\/library\/busybox/);
  assert.match(allowlistError("A B") ?? "", /^failed to parse/);
});
