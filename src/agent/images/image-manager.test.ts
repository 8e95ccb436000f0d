import assert from "node:assert/strict";
import { test } from "node:test";
import { noTransfers } from "../../../test/support/fakes-agent.ts";
import { FakeClock, settle } from "../../../test/support/fakes-clock.ts";
import { FakeLog, FakeStore } from "../../../test/support/fakes-ports.ts";
import { FakeImages, Gate } from "../../../test/support/fakes-runtime.ts";
import type { Container, Pod } from "../../core/api/types.ts";
import { KUBELET_BACKOFF } from "../../core/backoff/backoff.ts";
import type { VerificationRules } from "../../core/images/pulled-image.ts";
import { RuntimeError } from "../../ports/errors.ts";
import { EventRecorder } from "../events/event-recorder.ts";
import type { FoundCredentials } from "./image-credentials.ts";
import { ImageManager } from "./image-manager.ts";
import type { ImagePullLimits } from "./pull-queue.ts";
import { PullWatch } from "./pull-watch.ts";
import { PulledImages } from "./pulled-images.ts";

const CONFIG = { metadata: { name: "web", uid: "1", namespace: "default", attempt: 0 } };

function world(limits?: ImagePullLimits, rules?: VerificationRules) {
  const clock = new FakeClock();
  const images = new FakeImages();
  const events = new EventRecorder({ clock, log: new FakeLog(), store: new FakeStore() }, { nodeName: "node" });
  const found: { value: FoundCredentials } = { value: { credentials: [], events: [] } };
  const credentials = { find: async () => found.value };
  const watch = new PullWatch({ clock, log: new FakeLog(), events, transfers: noTransfers });
  const store = new FakeStore();
  const pulledImages = rules && new PulledImages({ store, images: images.service }, rules);
  const ports = { clock, images: images.service, events, credentials, watch, ...(pulledImages && { pulledImages }) };
  const manager = new ImageManager(ports, KUBELET_BACKOFF, limits);
  const pod: Pod = { metadata: { name: "web", uid: "1", namespace: "default" } };
  const abort = new AbortController();
  const ensure = (image: string, policy: Container["imagePullPolicy"] = "IfNotPresent", of = pod) =>
    manager.withImage(
      { pod: of, container: "main", image, policy, sandboxConfig: CONFIG },
      abort.signal,
      async (ready) => ready,
    );
  const told = () => events.list().map(({ type, reason, message, count }) => `${type} ${reason} ${count}: ${message}`);
  return { clock, images, ensure, told, abort, pod, found };
}

test("an image that is there is used, one that is not is pulled, with policy Always in any case", async () => {
  const { images, ensure, told } = world();
  images.present.add("app:1");
  assert.deepEqual(await ensure("app:1"), { ref: "id-of-app:1", user: {} });
  assert.deepEqual(images.pulls, []);
  await ensure("app");
  await ensure("app:1", "Always");
  assert.deepEqual(images.pulls, ["app:latest", "app:1"]);
  assert.equal(told()[0], 'Normal Pulled 1: Container image "app:1" already present on machine');
  assert.ok(told().includes('Normal Pulling 1: Pulling image "app"'));
});

test("what is not there and must not be pulled, what has no name, what cannot be looked at", async () => {
  const { images, ensure } = world();
  assert.deepEqual(await ensure("app:1", "Never"), {
    reason: "ErrImageNeverPull",
    message: 'Container image "app:1" is not present with pull policy of Never',
  });
  const invalid = await ensure("App:1:2");
  assert.equal("reason" in invalid && invalid.reason, "InvalidImageName");
  images.inspect = async () => {
    throw new RuntimeError("Unknown", "ImageStatus", "broken store");
  };
  assert.deepEqual(await ensure("app:1"), {
    reason: "ImageInspectError",
    message: 'Failed to inspect image "app:1": broken store',
  });
});

test("a failed pull backs off 10 s, 20 s and so on, for this pod and image alone", async () => {
  const { clock, images, ensure } = world();
  images.pull = async () => {
    throw new RuntimeError("Unknown", "PullImage", "not found");
  };
  // Looked at again soon, so that the status shows the back-off; the next pull waits for its end.
  assert.deepEqual(await ensure("app:1"), { reason: "ErrImagePull", message: "not found", retryInMs: 1_000 });
  await clock.pass(4_000);
  assert.deepEqual(await ensure("app:1"), {
    reason: "ImagePullBackOff",
    message: 'Back-off pulling image "app:1": ErrImagePull: not found',
    retryInMs: 6_000,
  });
  await ensure("app:2");
  await ensure("app:1", "IfNotPresent", { metadata: { name: "other", uid: "2" } });
  assert.deepEqual(images.pulls, ["app:1", "app:2", "app:1"]);
  await clock.pass(6_000);
  await ensure("app:1");
  assert.equal(images.pulls.length, 4);
  const again = await ensure("app:1");
  assert.deepEqual("retryInMs" in again && again.retryInMs, 20_000);
});

test("a wall clock that jumps neither stretches nor ends a pull's back-off", async () => {
  const { clock, images, ensure } = world();
  images.pull = async () => {
    throw new RuntimeError("Unknown", "PullImage", "not found");
  };
  await ensure("app:1");
  clock.setWall(-86_400_000);
  await clock.pass(10_000);
  await ensure("app:1");
  clock.setWall(2 * 86_400_000);
  const waiting = await ensure("app:1");
  assert.deepEqual([images.pulls.length, "reason" in waiting && waiting.reason], [2, "ImagePullBackOff"]);
});

test("a registry that is away has its own reason", async () => {
  const { images, ensure } = world();
  images.pull = async () => {
    throw new RuntimeError("Unknown", "PullImage", "RegistryUnavailable");
  };
  const result = await ensure("app:1");
  assert.deepEqual("reason" in result && [result.reason, result.message], [
    "RegistryUnavailable",
    "image pull failed for app:1 because the registry is unavailable.",
  ]);
});

test("the time of a pull and the time it waited for its turn are told", async () => {
  const { clock, images, ensure, told } = world({ parallel: 1 });
  const gates = [new Gate(), new Gate()];
  let pulls = 0;
  images.pull = () => gates[pulls++]?.opened ?? Promise.resolve();
  const first = ensure("a:1");
  const second = ensure("b:1");
  await clock.pass(3_000);
  gates[0]?.open();
  await clock.pass(2_000);
  gates[1]?.open();
  await Promise.all([first, second]);
  assert.equal(
    told().at(-1),
    'Normal Pulled 1: Successfully pulled image "b:1" in 2s (5s including waiting). Image size: 1 bytes.',
  );
});

test("a container that lacks its image is told as the kubelet tells it", async () => {
  const { images, ensure, told } = world();
  images.pull = async () => {
    throw new RuntimeError("Unknown", "PullImage", "not found");
  };
  await ensure("app:1");
  await ensure("app:1");
  assert.deepEqual(told(), [
    'Normal Pulling 1: Pulling image "app:1"',
    'Warning Failed 1: Failed to pull image "app:1": not found',
    "Warning Failed 1: Error: ErrImagePull",
    'Normal BackOff 1: Back-off pulling image "app:1"',
    "Warning Failed 1: Error: ImagePullBackOff",
  ]);
});

test("an aborted pull is no failure to back off from", async () => {
  const { images, ensure, abort, told } = world();
  const gate = new Gate();
  images.pull = async () => {
    await gate.opened;
    throw new RuntimeError("Cancelled", "PullImage", "context canceled");
  };
  const aborted = assert.rejects(ensure("app:1"));
  await settle();
  abort.abort();
  gate.open();
  await aborted;
  assert.ok(!told().some((event) => event.includes("Failed")));
});

test("credentials are tried one after the other, and the first that the registry takes is the last that is tried", async () => {
  const { images, ensure, found, told } = world();
  const named = (username: string) => ({ username, password: `${username}-password` });
  found.value = { credentials: [named("old"), named("new"), named("spare")], events: [] };
  images.pull = async (_image, auth) => {
    if (auth?.username !== "new") throw new RuntimeError("Unknown", "PullImage", `401 for ${auth?.username}`);
  };
  assert.deepEqual(await ensure("app:1"), { ref: "id-of-app:1", user: {} });
  assert.deepEqual(images.auths, [named("old"), named("new")]);
  assert.ok(!told().some((event) => event.includes("Failed")));
});

test("when no credential is taken, each error is told, and nothing is tried without any", async () => {
  const { images, ensure, found } = world();
  found.value = { credentials: ["a", "b"].map((username) => ({ username, password: "" })), events: [] };
  images.pull = async (_image, auth) => {
    throw new RuntimeError("Unknown", "PullImage", `401 for ${auth?.username}`);
  };
  const result = await ensure("app:1");
  assert.deepEqual("reason" in result && [result.reason, result.message], ["ErrImagePull", "[401 for a, 401 for b]"]);
  assert.equal(images.auths.length, 2);
});

test("credentials that cannot be read fail the pull before the registry is asked; the next try waits", async () => {
  const { images, ensure, found, told } = world();
  const missing = { type: "Warning", reason: "FailedToRetrieveImagePullSecret", message: "gone" } as const;
  found.value = { credentials: [], events: [missing], error: "image pull secret default/x: no JSON" };
  const result = await ensure("app:1");
  assert.deepEqual("reason" in result && [result.reason, result.message], ["ErrImagePull", found.value.error]);
  assert.deepEqual(images.pulls, []);
  assert.deepEqual(told()[0], "Warning FailedToRetrieveImagePullSecret 1: gone");
  const waiting = await ensure("app:1");
  assert.equal("reason" in waiting && waiting.reason, "ImagePullBackOff");
});

test("a pod that never needs to pull is never asked for credentials", async () => {
  const { images, ensure, found } = world();
  images.present.add("app:1");
  found.value = { credentials: [], events: [], error: "must not be seen" };
  assert.deepEqual(await ensure("app:1"), { ref: "id-of-app:1", user: {} });
  const never = await ensure("app:2", "Never");
  assert.equal("reason" in never && never.reason, "ErrImageNeverPull");
});

test("where the use of images is verified, a pod without the credentials pulls for itself, and fails if it may not", async () => {
  const { images, ensure, found, told } = world({}, { policy: "NeverVerifyPreloadedImages", allowlist: [] });
  const owner = { username: "owner", password: "p", secret: { uid: "1", namespace: "default", name: "pull" } };
  images.pull = async (_image, auth) => {
    if (auth?.username !== "owner") throw new RuntimeError("Unknown", "PullImage", "401 Unauthorized");
  };
  found.value = { credentials: [owner], events: [] };
  assert.ok("ref" in (await ensure("app:1")));
  assert.ok("ref" in (await ensure("app:1")));
  assert.equal(images.pulls.length, 1);
  assert.ok(told().some((event) => event.endsWith("already present on machine and can be accessed by the pod")));
  found.value = { credentials: [], events: [] };
  const other = { metadata: { name: "other", uid: "2" } };
  const refused = await ensure("app:1", "IfNotPresent", other);
  assert.deepEqual("reason" in refused && [refused.reason, refused.message], ["ErrImagePull", "401 Unauthorized"]);
  const never = await ensure("app:1", "Never", other);
  assert.equal("reason" in never && never.reason, "ErrImageNeverPull");
});
