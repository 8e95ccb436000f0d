import assert from "node:assert/strict";
import { test } from "node:test";
import { container, FakeSource, manifest, podOf, readFakeManifest } from "../../../test/support/fakes-agent.ts";
import { FakeClock, settle } from "../../../test/support/fakes-clock.ts";
import { FakeLog, FakeStore } from "../../../test/support/fakes-ports.ts";
import type { ManifestObject } from "../../core/pods/desired-state.ts";
import { EventRecorder } from "../events/event-recorder.ts";
import { PodManager, type PodsChange, problemText, type ReadManifest } from "./pod-manager.ts";

function world() {
  const clock = new FakeClock();
  const log = new FakeLog();
  const store = new FakeStore();
  const source = new FakeSource();
  const other = new FakeSource("file", "/static");
  const events = new EventRecorder({ clock, log, store: new FakeStore() }, { nodeName: "node" });
  const changes: string[] = [];
  const names = (pods: PodsChange["added"]) => pods.map(({ pod }) => pod.metadata?.name).join(",");
  const create = async (readManifest: ReadManifest = readFakeManifest) => {
    const manager = new PodManager({ clock, log, store, events, sources: [source, other], readManifest });
    manager.onChange(({ added, updated, removed, configChanged }) =>
      changes.push(`+${names(added)} ~${names(updated)} -${names(removed)} ${[...configChanged]}`.trim()),
    );
    await manager.start(new AbortController().signal);
    return manager;
  };
  const take = () => changes.splice(0);
  const told = () => events.list().map(({ reason, message }) => `${reason}: ${message}`);
  return { clock, log, store, source, other, create, take, told };
}

function configMap(name: string, value: string): ManifestObject {
  return { kind: "ConfigMap", object: { metadata: { name, namespace: "default" }, data: { value } } };
}

test("what was added, changed and removed is told, and nothing for what stayed", async () => {
  const { source, create, take } = world();
  const manager = await create();
  source.show({ a: manifest(podOf("a")), b: manifest(podOf("b")) });
  const b2 = podOf("b", { containers: [container("main", { image: "busybox:2" })] });
  source.show({ a: manifest(podOf("a")), b: manifest(b2), c: manifest(configMap("page", "1")) });
  source.show({ b: manifest(b2), c: manifest(configMap("page", "2")) });
  assert.deepEqual(take(), ["+a,b ~ -", "+ ~b - configMap/default/page", "+ ~ -a configMap/default/page"]);
  assert.equal(manager.configMap("default", "page")?.data?.["value"], "2");
});

test("every source counts as ready once it told its pods; one that cannot be read keeps them", async () => {
  const { source, other, create, told } = world();
  const manager = await create();
  source.show({ a: manifest(podOf("a")) });
  other.unreadable("permission denied");
  assert.equal(manager.allSourcesReady, false);
  other.show({});
  assert.equal(manager.allSourcesReady, true);
  source.unreadable("input/output error");
  assert.equal(manager.pods().length, 1);
  assert.deepEqual(told(), [
    "FailedManifest: file:/static: permission denied",
    "FailedManifest: manifests:/manifests: input/output error",
  ]);
});

test("a broken file keeps its pods, over a restart of the agent too, and is told once", async () => {
  const { source, create, take, told } = world();
  await create();
  source.show({ a: manifest(podOf("a")), b: manifest(podOf("b")) });
  source.show({ a: "{ broken", b: manifest(podOf("b")) });
  source.show({ a: "{ broken", b: manifest(podOf("b")) });
  assert.deepEqual([take().length, told()], [3, ["FailedManifest: a: not readable"]]);
  const next = await create();
  assert.deepEqual(
    next.pods().map(({ pod }) => pod.metadata?.name),
    ["a", "b"],
  );
  assert.deepEqual(next.problems().map(problemText), ["a: not readable"]);
  source.show({ b: manifest(podOf("b")) });
  assert.deepEqual(take().at(-1), "+ ~ -a");
});

test("of two files with one name the first keeps it, over a restart too, until it gives it up", async () => {
  const { source, create } = world();
  const manager = await create();
  source.show({ z: manifest(podOf("web")) });
  const claimant = manifest(podOf("web", { containers: [container("other")] }));
  source.show({ a: claimant, z: manifest(podOf("web")) });
  const holder = () => manager.pods().map(({ path }) => path);
  assert.deepEqual(holder(), ["z"]);
  const next = await create();
  assert.deepEqual([next.pods().map(({ path }) => path), next.problems().length], [["z"], 1]);
  source.show({ a: claimant });
  assert.deepEqual(
    next.pods().map(({ path }) => path),
    ["a"],
  );
});

test("two pods that claim one UID: the second is told, not silently lost", async () => {
  const { source, create } = world();
  const manager = await create();
  const pod = podOf("a");
  const twin = { ...podOf("b"), metadata: { ...podOf("b").metadata, uid: pod.metadata?.uid ?? "" } };
  source.show({ a: manifest(pod), b: manifest(twin) });
  assert.deepEqual(
    [manager.pods().map(({ path }) => path), manager.problems().map(({ path }) => path)],
    [["a"], ["b"]],
  );
});

test("only files that changed are written down again", async () => {
  const { source, store, create } = world();
  await create();
  const files = Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, manifest(podOf(name))]));
  source.show(files);
  const { writes } = store;
  source.show({ ...files, e: manifest(podOf("e")) });
  assert.ok(store.writes - writes <= 2, `${store.writes - writes} writes`);
  source.show({});
  assert.equal(store.list("lastGoodManifests").length, 0);
});

test("a manifest that its reader cannot cope with is a problem of its own; the source goes on", async () => {
  const { source, create } = world();
  const manager = await create((file) => {
    if (file.text?.includes("bomb")) throw new RangeError("Maximum call stack size exceeded");
    return readFakeManifest(file);
  });
  source.show({ a: "bomb", b: manifest(podOf("b")) });
  assert.deepEqual(
    [manager.pods().map(({ path }) => path), manager.problems().map(problemText)],
    [["b"], ["a: cannot be read: Maximum call stack size exceeded"]],
  );
  source.show({ a: manifest(podOf("a")), b: manifest(podOf("b")) });
  assert.equal(manager.pods().length, 2);
});

test("a source that dies is told and run again", async () => {
  const { clock, log, source, other, create } = world();
  let runs = 0;
  const run = source.run.bind(source);
  source.run = (onSnapshot, signal) => {
    runs += 1;
    return runs === 1 ? Promise.reject(new Error("watch lost")) : run(onSnapshot, signal);
  };
  const manager = await create();
  await settle();
  assert.deepEqual(log.lines, ["error: manifest source failed"]);
  other.show({});
  await clock.pass(10_000);
  source.show({ a: manifest(podOf("a")) });
  assert.deepEqual([runs, manager.pods().length, manager.allSourcesReady], [2, 1, true]);
});

test("a thousand problems are a few events: the others are still seen, and all of them are listed", async () => {
  const { source, create, told } = world();
  const problems = Array.from({ length: 1_000 }, (_, n) => ({ path: "a", document: n, message: "bad" }));
  const manager = await create(({ path }) => ({ path, objects: [], problems, unusable: false }));
  source.show({ a: "x" });
  assert.equal(manager.problems().length, 1_000);
  assert.ok(told().length <= 21, `${told().length} events`);
  assert.equal(told().at(-1), "FailedManifest: 980 more problems with manifests");
});
