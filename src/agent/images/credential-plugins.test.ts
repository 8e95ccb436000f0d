import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settle } from "../../../test/support/fakes-clock.ts";
import { FakeLog } from "../../../test/support/fakes-ports.ts";
import { Gate } from "../../../test/support/fakes-runtime.ts";
import type { CredentialProvider } from "../../core/images/credential-provider-config.ts";
import type { CredentialProgramCall } from "../../ports/registry-credentials.ts";
import { CredentialPlugins } from "./credential-plugins.ts";

const apiVersion = "credentialprovider.kubelet.k8s.io/v1";

function provider(name: string, ...matchImages: readonly string[]): CredentialProvider {
  return { name, matchImages, defaultCacheMs: 60_000, apiVersion, args: ["get"], env: { A: "b" } };
}

function world(...providers: readonly CredentialProvider[]) {
  const clock = new FakeClock();
  const log = new FakeLog();
  const calls: CredentialProgramCall[] = [];
  let ended = 0;
  const fake = {
    answer: {} as Readonly<Record<string, unknown>>,
    failure: undefined as string | undefined,
    gate: Promise.resolve(),
  };
  const run = async (call: CredentialProgramCall, signal: AbortSignal) => {
    calls.push(call);
    const username = `${call.name} ${calls.length}`;
    signal.addEventListener("abort", () => {
      ended += 1;
    });
    await fake.gate;
    if (fake.failure !== undefined) return { error: fake.failure };
    const auth = { "reg.io": { username, password: "p" } };
    const answer = { kind: "CredentialProviderResponse", apiVersion, cacheKeyType: "Registry", auth, ...fake.answer };
    return { stdout: JSON.stringify(answer) };
  };
  const plugins = new CredentialPlugins({ clock, log, programs: { run } }, providers);
  const users = async (repository: string, signal = new AbortController().signal) =>
    (await plugins.find(repository, signal)).map(({ username }) => username);
  return { clock, log, calls, fake, users, ended: () => ended };
}

test("plugins that provide for the image are asked with what their configuration says, the others are not", async () => {
  const { users, calls } = world(provider("a", "reg.io"), provider("b", "other.io"), provider("c", "*.io"));
  assert.deepEqual(await users("reg.io/app"), ["a 1", "c 2"]);
  const [call] = calls;
  assert.deepEqual([call?.name, call?.args, call?.env, call?.timeoutMs], ["a", ["get"], { A: "b" }, 60_000]);
  assert.deepEqual(JSON.parse(call?.input ?? ""), {
    kind: "CredentialProviderRequest",
    apiVersion,
    image: "reg.io/app",
  });
});

test("an answer is kept as long as it says and for what it says", async () => {
  const { users, clock, fake } = world(provider("a", "*.io"));
  assert.deepEqual(
    [await users("reg.io/a"), await users("reg.io/b"), await users("two.io/a")],
    [["a 1"], ["a 1"], ["a 2"]],
  );
  await clock.pass(60_001);
  fake.answer = { cacheKeyType: "Image", cacheDuration: "10m" };
  assert.deepEqual(
    [await users("reg.io/a"), await users("reg.io/b"), await users("reg.io/a")],
    [["a 3"], ["a 4"], ["a 3"]],
  );
  await clock.pass(600_001);
  fake.answer = { cacheKeyType: "Global" };
  assert.deepEqual([await users("reg.io/a"), await users("two.io/x")], [["a 5"], ["a 5"]]);
  await clock.pass(60_001);
  fake.answer = { cacheDuration: "0s" };
  assert.deepEqual([await users("reg.io/a"), await users("reg.io/a")], [["a 6"], ["a 7"]]);
});

test("pulls of one image at a time share one run", async () => {
  const { users, calls, fake } = world(provider("a", "reg.io"));
  const gate = new Gate();
  fake.gate = gate.opened;
  const both = Promise.all([users("reg.io/app"), users("reg.io/app")]);
  await settle();
  gate.open();
  assert.deepEqual(await both, [["a 1"], ["a 1"]]);
  assert.equal(calls.length, 1);
});

test("a plugin that fails gives nothing, is told in the log and asked again next time", async () => {
  const { users, fake, log } = world(provider("a", "reg.io"));
  fake.failure = "it ended with exit code 1";
  assert.deepEqual(await users("reg.io/app"), []);
  assert.deepEqual(log.lines, ["warn: credential provider plugin failed"]);
  fake.failure = undefined;
  assert.deepEqual(await users("reg.io/app"), ["a 2"]);
});

test("who does not wait any more is let go; a run that nobody waits for is ended", async () => {
  const { users, fake, ended } = world(provider("a", "reg.io"));
  const gate = new Gate();
  fake.gate = gate.opened;
  const [first, second] = [new AbortController(), new AbortController()];
  const left = [users("reg.io/app", first.signal), users("reg.io/app", second.signal)].map((find) =>
    assert.rejects(find),
  );
  await settle();
  first.abort();
  await left[0];
  assert.equal(ended(), 0);
  second.abort();
  await left[1];
  assert.equal(ended(), 1);
  gate.open();
});

test("who comes while a run that nobody waits for is being ended gets a run of its own", async () => {
  const { users, fake, calls } = world(provider("a", "reg.io"));
  const gate = new Gate();
  fake.gate = gate.opened;
  const first = new AbortController();
  const left = assert.rejects(users("reg.io/app", first.signal));
  await settle();
  first.abort();
  const second = users("reg.io/app");
  await left;
  gate.open();
  assert.deepEqual(await second, ["a 2"]);
  assert.equal(calls.length, 2);
});
