import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeStore } from "../../../test/support/fakes-ports.ts";
import { FakeImages } from "../../../test/support/fakes-runtime.ts";
import type { Credential } from "../../core/images/keyring.ts";
import type { VerificationPolicy } from "../../core/images/pulled-image.ts";
import { PulledImages } from "./pulled-images.ts";

const IMAGE = "quay.io/team/app:1";
const { signal } = new AbortController();

function secret(name: string): Credential {
  return { username: name, password: "p", secret: { uid: `uid-${name}`, namespace: "team", name } };
}

/** An agent on a node that outlives it. */
function agentOn(
  node: { readonly store: FakeStore; readonly images: FakeImages },
  policy: VerificationPolicy = "NeverVerifyPreloadedImages",
) {
  const pulledImages = new PulledImages({ store: node.store, images: node.images.service }, { policy, allowlist: [] });
  const access = (...credentials: readonly Credential[]) => {
    return pulledImages.access(IMAGE, "sha", async () => credentials, signal);
  };
  const pull = async (used?: Credential) => {
    const intent = await pulledImages.intend(IMAGE, signal);
    intent.pulled("sha", used);
  };
  return { pulledImages, access, pull };
}

function newNode() {
  return { store: new FakeStore(), images: new FakeImages() };
}

test("what was put on the node is every pod's, what was pulled is for those who could have pulled it", async () => {
  const { access, pull } = agentOn(newNode());
  assert.equal(await access(), "granted");
  await pull(secret("a"));
  assert.deepEqual(
    [await access(), await access(secret("b")), await access(secret("a"))],
    ["denied", "denied", "granted"],
  );
});

test("the next agent knows it, too", async () => {
  const node = newNode();
  await agentOn(node).pull(secret("a"));
  const { access } = agentOn(node);
  assert.deepEqual([await access(secret("a")), await access(secret("b"))], ["granted", "denied"]);
});

test("a policy that is stricter wants credentials for what was put on the node", async () => {
  const { access } = agentOn(newNode(), "AlwaysVerify");
  assert.equal(await access(secret("a")), "denied");
});

test("credentials are not looked for where they do not matter", async () => {
  const { pulledImages, pull } = agentOn(newNode());
  const never = async (): Promise<readonly Credential[]> => assert.fail("looked for");
  assert.equal(await pulledImages.access(IMAGE, "sha", never, signal), "granted");
  await pull();
  assert.equal(await pulledImages.access(IMAGE, "sha", never, signal), "granted");
});

test("while an image is pulled nobody gets it for free, and a pull that failed changes nothing", async () => {
  const { pulledImages, access } = agentOn(newNode());
  const first = await pulledImages.intend(IMAGE, signal);
  const second = await pulledImages.intend(IMAGE, signal);
  assert.equal(await access(), "denied");
  first.failed();
  assert.equal(await access(), "denied");
  second.failed();
  assert.equal(await access(), "granted");
});

test("what a killed agent was pulling counts as pulled if it is there, and must be pulled to be proven", async () => {
  const node = newNode();
  await agentOn(node).pulledImages.intend(IMAGE, signal);
  node.images.present.add(IMAGE);
  const { pulledImages } = agentOn(node);
  const id = `id-of-${IMAGE}`;
  const access = () => pulledImages.access(IMAGE, id, async () => [secret("a")], signal);
  assert.equal(await access(), "denied");
  (await pulledImages.intend(IMAGE, signal)).pulled(id, secret("a"));
  assert.equal(await access(), "granted");
});

test("a runtime that cannot be asked what became of it is asked again", async () => {
  const node = newNode();
  await agentOn(node).pulledImages.intend(IMAGE, signal);
  node.images.present.add(IMAGE);
  const { pulledImages } = agentOn(node);
  const access = () => pulledImages.access(IMAGE, `id-of-${IMAGE}`, async () => [], signal);
  node.images.inspect = async () => {
    throw new Error("away");
  };
  await assert.rejects(access(), /away/);
  node.images.inspect = async () => {};
  assert.equal(await access(), "denied");
});

test("records of images that are gone go, but not those of pulls that came while the list was read", async () => {
  const node = newNode();
  const { pulledImages, pull, access } = agentOn(node);
  await pull(secret("a"));
  const endEarly = pulledImages.beginLook();
  await pull(secret("a"));
  endEarly(new Set());
  assert.equal(await access(secret("b")), "denied");
  pulledImages.beginLook()(undefined);
  pulledImages.beginLook()(new Set(["sha"]));
  assert.equal(await access(secret("b")), "denied");
  pulledImages.beginLook()(new Set());
  assert.equal(await access(secret("b")), "granted");
});
