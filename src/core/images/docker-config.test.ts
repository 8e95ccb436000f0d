import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeBase64Text } from "../manifest/base64-text.ts";
import { parseDockerConfig } from "./docker-config.ts";

const user = { username: "puller", password: "se:cret" };
const auth = encodeBase64Text("puller:se:cret");

test("credentials are read from auth, else from username and password", () => {
  const text = JSON.stringify({
    auths: { "quay.io": { auth }, "gcr.io": { ...user, email: "x" }, "a.io": { auth: auth.replace(/=+$/, "") } },
    credHelpers: {},
  });
  assert.deepEqual(parseDockerConfig(text, "config.json"), {
    entries: [
      { location: "quay.io", ...user },
      { location: "gcr.io", ...user },
      { location: "a.io", ...user },
    ],
  });
});

test("the older form is the same without auths", () => {
  const config = parseDockerConfig(JSON.stringify({ "quay.io": { auth } }), ".dockercfg");
  assert.deepEqual(config, { entries: [{ location: "quay.io", ...user }] });
  assert.deepEqual(parseDockerConfig("{}", "config.json"), { entries: [] });
});

test("what is wrong is told without what the file says", () => {
  const error = (text: string) => {
    const config = parseDockerConfig(text, "config.json");
    return "error" in config ? config.error : "accepted";
  };
  assert.equal(error('{"auths": {"quay.io": {"password": "hush"'), "is not valid JSON");
  assert.equal(error("[]"), "is not a JSON object");
  assert.equal(error('{"auths": 1}'), "has auths that are no JSON object");
  assert.equal(
    error('{"auths": {"q": {"password": 1}}}'),
    'has an entry "q" that has a username or password that is no text',
  );
  for (const wrong of ["?", encodeBase64Text("nocolon"), "abcde", "abc=d"]) {
    const text = JSON.stringify({ auths: { q: { auth: wrong } } });
    assert.equal(error(text), 'has an entry "q" that has an auth that is not base64 of NAME:PASSWORD');
  }
});
