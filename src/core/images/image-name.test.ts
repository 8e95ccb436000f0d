import assert from "node:assert/strict";
import { test } from "node:test";
import { imageNameWithTag } from "./image-name.ts";

const hex = (letter: string, length: number) => letter.repeat(length);
const error = (image: string) => {
  const name = imageNameWithTag(image);
  return "error" in name ? name.error : `accepted as ${name.image}`;
};

test("a name without tag and digest gets the tag latest, and stays as short as it was", () => {
  for (const image of [
    "busybox",
    "a/b",
    "localhost/x",
    "localhost:5000/x",
    "quay.io/a/b-c__d.e",
    "index.docker.io/x",
  ]) {
    assert.deepEqual(imageNameWithTag(image), { image: `${image}:latest` });
  }
});

test("a tag or digest is left alone", () => {
  for (const image of ["x:1", `x@sha256:${hex("a", 64)}`, `x:1@sha512:${hex("0", 128)}`, `x:${hex("T", 128)}`]) {
    assert.deepEqual(imageNameWithTag(image), { image });
  }
});

test("each kind of wrong name has the words of the reference grammar", () => {
  const invalid = "invalid reference format";
  assert.equal(
    error(hex("a", 64)),
    `invalid repository name (${hex("a", 64)}), cannot specify 64-byte hexadecimal strings`,
  );
  assert.equal(error("Docker.io/Busybox"), `${invalid}: repository name must be lowercase`);
  assert.equal(error("A_B.io/x"), "repository name must be lowercase");
  assert.equal(error(`x/${hex("y", 300)}`), "repository name must not be more than 255 characters");
  for (const image of ["a//b", "a b", "a:", `x:${hex("t", 129)}`, "x@sha256:abc", "http://x/y", "a..b", "-a", "a\n"]) {
    assert.equal(error(image), invalid, image);
  }
});

test("a digest is checked against its algorithm", () => {
  assert.equal(error(`x@sha256:${hex("a", 32)}`), "invalid checksum digest length");
  assert.equal(error(`x@sha256:${hex("A", 64)}`), "invalid checksum digest format");
  assert.equal(error(`x@md5:${hex("a", 32)}`), "unsupported digest algorithm");
  assert.equal(error(`x:1@Sha256:${hex("a", 64)}`), "invalid checksum digest format");
});

test("a hostile name is refused without long thought", () => {
  assert.equal(error(`${hex("a", 5_000)}!`), "invalid reference format");
  assert.equal(error(`${hex("a-", 2_500)}!`), "invalid reference format");
  assert.equal(error(`${hex("a.", 2_500)}/`), "invalid reference format");
});
