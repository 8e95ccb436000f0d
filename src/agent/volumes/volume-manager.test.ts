import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settle } from "../../../test/support/fakes-clock.ts";
import { FakeFiles, FakeLog, FakeTokens } from "../../../test/support/fakes-ports.ts";
import type { ConfigMap, Pod, Secret, Volume } from "../../core/api/types.ts";
import { VolumeManager } from "./volume-manager.ts";
import { type MountOutcome, objectKey, type VolumePlugin } from "./volume-plugin.ts";
import { volumePlugins } from "./volume-plugins.ts";

function podOf(...volumes: readonly Volume[]): Pod {
  const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }));
  return {
    metadata: { name: "web", uid: "u", namespace: "d" },
    spec: { containers: [{ name: "main", volumeMounts }], volumes: [...volumes] },
  };
}

function world(...more: readonly VolumePlugin[]) {
  const clock = new FakeClock();
  const files = new FakeFiles();
  const configMaps = new Map<string, ConfigMap>();
  const secrets = new Map<string, Secret>();
  const events: string[] = [];
  const ready: string[] = [];
  const objects = {
    configMap: (namespace: string, name: string) => configMaps.get(`${namespace}/${name}`),
    secret: (namespace: string, name: string) => secrets.get(`${namespace}/${name}`),
  };
  const log = new FakeLog();
  const tokens = new FakeTokens(clock);
  const health = { version: { runtimeName: "containerd", runtimeVersion: "1.6.20", runtimeApiVersion: "v1" } };
  const ports = { clock, log, files, objects, tokens, health };
  const kinds = volumePlugins(ports, { allocatable: { cpu: "4", memory: "8Gi" } });
  const manager = new VolumeManager(
    {
      clock,
      log,
      files,
      events: { pod: (_pod, type, reason, message) => void events.push(`${type} ${reason} ${message}`) },
      plugins: [...more, ...kinds],
      claims: { resolve: () => undefined },
    },
    { onReady: (uid) => void ready.push(uid) },
  );
  const mount = async (pod: Pod) => {
    const result = await manager.mount(pod, new AbortController().signal);
    return "volumes" in result
      ? Object.fromEntries([...result.volumes].map(([name, { path }]) => [name, path]))
      : { missing: result.missing };
  };
  const content = (name: string) =>
    files.payloads.get(`u/${name}`)?.map((file) => `${file.path}=${new TextDecoder().decode(file.content)}`);
  const changed = async (...names: readonly string[]) => {
    manager.changed(new Set(names.map((name) => objectKey("configMap", "d", name))));
    await settle();
  };
  return { clock, files, tokens, configMaps, secrets, events, ready, manager, mount, content, changed };
}

test("emptyDir, bare, hostPath, ConfigMap and Secret volumes get their places", async () => {
  const { configMaps, secrets, mount, content, events } = world();
  configMaps.set("d/page", { data: { a: "1" }, binaryData: { b: "Mg==" } });
  secrets.set("d/key", { data: { c: "Mw==" } });
  const pod = podOf(
    { name: "empty", emptyDir: {} },
    { name: "bare" },
    { name: "host", hostPath: { path: "/srv" } },
    { name: "cm", configMap: { name: "page" } },
    { name: "sec", secret: { secretName: "key" } },
  );
  assert.deepEqual(await mount(pod), {
    empty: "/pods/u/empty",
    bare: "/pods/u/bare",
    host: "/srv",
    cm: "/pods/u/cm",
    sec: "/pods/u/sec",
  });
  assert.deepEqual(events, []);
  assert.deepEqual([content("cm")?.toSorted(), content("sec")], [["a=1", "b=2"], ["c=3"]]);
});

test("a volume that no container mounts is not made", async () => {
  const { mount } = world();
  const pod = podOf({ name: "cm", configMap: { name: "page" } });
  assert.deepEqual(await mount({ ...pod, spec: { ...pod.spec, containers: [{ name: "main" }] } }), {});
});

test("what is missing is told in the kubelet's words, and the pod waits for that alone", async () => {
  const { mount, events } = world();
  const pod = podOf(
    { name: "empty", emptyDir: {} },
    { name: "cm", configMap: { name: "page" } },
    { name: "host", hostPath: { path: "/srv", type: "Directory" } },
    { name: "disk", nfs: { server: "s", path: "/" } },
  );
  assert.deepEqual(await mount(pod), { missing: ["cm", "host", "disk"] });
  assert.deepEqual(events.toSorted(), [
    'Warning FailedMount MountVolume.SetUp failed for volume "cm" : configmap "page" not found',
    'Warning FailedMount MountVolume.SetUp failed for volume "disk" : volumes of type nfs are not supported yet',
    'Warning FailedMount MountVolume.SetUp failed for volume "host" : hostPath type check failed: /srv is not a directory',
  ]);
});

test("a pod that waits is woken as soon as what it lacks has come", async () => {
  const { mount, configMaps, changed, ready } = world();
  const pod = podOf({ name: "cm", configMap: { name: "page" } });
  assert.deepEqual(await mount(pod), { missing: ["cm"] });
  configMaps.set("d/page", { data: { a: "1" } });
  await changed("other");
  assert.deepEqual(ready, []);
  await changed("page");
  assert.deepEqual(ready, ["u"]);
  assert.deepEqual(await mount(pod), { cm: "/pods/u/cm" });
});

test("a pod that has waited for 2 min 3 s is told once more what for", async () => {
  const { clock, mount, events, configMaps } = world();
  configMaps.set("d/there", {});
  const pod = podOf({ name: "cm", configMap: { name: "page" } }, { name: "there", configMap: { name: "there" } });
  await mount(pod);
  await clock.pass(122_900);
  await mount(pod);
  const isLong = (event: string) => event.includes("Unable to attach");
  assert.deepEqual(events.filter(isLong), []);
  await clock.pass(100);
  await mount(pod);
  assert.deepEqual(events.filter(isLong), [
    "Warning FailedMount Unable to attach or mount volumes: unmounted volumes=[cm], unattached volumes=[], failed to process volumes=[]: timed out waiting for the condition",
  ]);
});

test("an optional object that is not there is an empty volume", async () => {
  const { mount, content, events } = world();
  await mount(podOf({ name: "cm", configMap: { name: "page", optional: true } }));
  assert.deepEqual([events, content("cm")], [[], []]);
});

test("contents follow the object at once; when it goes a pod that has it keeps it, and is told", async () => {
  const { configMaps, mount, content, changed, events } = world();
  const pod = podOf({ name: "cm", configMap: { name: "page" } });
  configMaps.set("d/page", { data: { a: "1" } });
  await mount(pod);
  configMaps.set("d/page", { data: { a: "2" } });
  await changed("page");
  assert.deepEqual(content("cm"), ["a=2"]);
  configMaps.clear();
  await changed("page");
  assert.deepEqual([await mount(pod), content("cm")], [{ cm: "/pods/u/cm" }, ["a=2"]]);
  assert.deepEqual(events, [
    'Warning FailedMount MountVolume.SetUp failed for volume "cm" : configmap "page" not found',
  ]);
});

test("volumes at rest cost nothing: no timer, no file is touched", async () => {
  const { clock, configMaps, mount, files } = world();
  configMaps.set("d/page", { data: { a: "1" } });
  const pod = podOf({ name: "cm", configMap: { name: "page" } }, { name: "empty", emptyDir: {} });
  await mount(pod);
  files.payloads.clear();
  assert.equal(clock.pendingTimers, 0);
  await mount(pod);
  assert.deepEqual([files.payloads.size, clock.pendingTimers], [0, 0]);
});

test("everything goes after the end, and what is in use is tried again", async () => {
  const { clock, mount, manager, files } = world();
  await mount(podOf({ name: "empty", emptyDir: {} }, { name: "host", hostPath: { path: "/srv" } }));
  files.mounted.add("u");
  await assert.rejects(manager.unmount("u"), /volumes are still mounted: empty, host: target is busy/);
  files.mounted.clear();
  await clock.pass(500);
  await manager.unmount("u");
  assert.deepEqual(files.removed, ["u/kubernetes.io~empty-dir/empty", "u/host"]);
});

test("what containers hold of a volume goes before its plugin takes it back: no driver lets go of what is in use", async () => {
  const plugin: VolumePlugin = {
    name: "example.com/disk",
    supports: ({ nfs }) => nfs !== undefined,
    place: ({ volume: { name } }) => ({ kind: "example.com~disk", name }),
    mount: async () => ({ mounted: { path: "/disk" } }),
    unmount: async () => void files.removed.push("taken back"),
  };
  const { clock, files, manager, mount } = world(plugin);
  await mount(podOf({ name: "far", nfs: { server: "s", path: "/" } }));
  files.mounted.add("u");
  await assert.rejects(manager.unmount("u"), /target is busy/);
  assert.deepEqual(files.removed, []);
  files.mounted.clear();
  await clock.pass(500);
  await manager.unmount("u");
  assert.deepEqual(files.removed, ["u/far", "taken back", "u/example.com~disk/far"]);
});

test("what an agent before has left of a pod that nobody wants is unmounted", async () => {
  const { manager, files } = world();
  files.found.set("u", [
    { place: { kind: "kubernetes.io~secret", name: "key" } },
    { place: { kind: "x~y", name: "z" } },
  ]);
  await manager.unmount("u");
  assert.deepEqual(files.removed, ["u/kubernetes.io~secret/key", "u/x~y/z"]);
});

test("a volume that an agent before has made is usable even though its object is gone", async () => {
  const { mount, files } = world();
  const place = { kind: "kubernetes.io~configmap", name: "cm" };
  files.found.set("u", [{ place, mounted: { path: "/before" } }]);
  assert.deepEqual(await mount(podOf({ name: "cm", configMap: { name: "page" } })), { cm: "/before" });
});

test("a mount that hangs holds its pod for 10 s at a time, and no other pod; then it goes on", async () => {
  let finish = (_outcome: MountOutcome): void => {};
  const slow: VolumePlugin = {
    name: "example.com/slow",
    supports: ({ nfs }) => nfs !== undefined,
    mount: () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  };
  const { clock, mount, ready } = world(slow);
  const hangs = mount(podOf({ name: "far", nfs: { server: "s", path: "/" } }));
  const other = podOf({ name: "empty", emptyDir: {} });
  assert.deepEqual(await mount({ ...other, metadata: { uid: "v" } }), { empty: "/pods/v/empty" });
  await clock.pass(10_000);
  assert.deepEqual(await hangs, { missing: ["far"] });
  finish({ mounted: { path: "/far" } });
  await settle();
  assert.deepEqual(ready, ["u"]);
});

test("a new version of the pod brings up to date what shows its fields, and what asked for it does so in time", async () => {
  const mounts: string[] = [];
  const clockAtStart = new FakeClock().now();
  const plugin: VolumePlugin = {
    name: "example.com/fields",
    followsPod: true,
    supports: ({ downwardAPI }) => downwardAPI !== undefined,
    mount: async ({ pod }) => {
      mounts.push(pod.metadata?.labels?.["v"] ?? "");
      return { mounted: { path: "/fields" }, ...(mounts.length === 1 && { refreshAtMs: clockAtStart + 60_000 }) };
    },
  };
  const { clock, mount } = world(plugin);
  const first = podOf({ name: "me", downwardAPI: {} });
  await mount(first);
  await clock.pass(60_000);
  assert.deepEqual(mounts, ["", ""]);
  await mount({ ...first, metadata: { ...first.metadata, labels: { v: "2" } } });
  assert.deepEqual(mounts, ["", "", "2"]);
});

test("a downwardAPI volume shows fields and resources of the pod, and follows its labels", async () => {
  const { mount, content } = world();
  const items = [
    { path: "labels", fieldRef: { fieldPath: "metadata.labels" } },
    { path: "./deep//cpu", resourceFieldRef: { containerName: "main", resource: "limits.cpu", divisor: "1m" } },
  ];
  const pod = podOf({ name: "me", downwardAPI: { items } });
  const labelled = (v: string): Pod => ({ ...pod, metadata: { ...pod.metadata, labels: { b: v, a: "1" } } });
  await mount(labelled("x"));
  assert.deepEqual(content("me"), ['labels=a="1"\nb="x"', "deep/cpu=4000"]);
  await mount(labelled("y"));
  assert.equal(content("me")?.[0], 'labels=a="1"\nb="y"');
});

test("a projected volume has all of its sources in one directory and follows them; problems are told together", async () => {
  const { mount, content, configMaps, secrets, changed, events } = world();
  const sources = [
    { configMap: { name: "page", items: [{ key: "a", path: "dir/a" }] } },
    { secret: { name: "key" } },
    { downwardAPI: { items: [{ path: "name", fieldRef: { fieldPath: "metadata.name" } }] } },
    { clusterTrustBundle: { name: "roots", path: "ca.pem" } },
  ];
  const all = podOf({ name: "all", projected: { sources } });
  await mount(all);
  assert.deepEqual(events, [
    'Warning FailedMount MountVolume.SetUp failed for volume "all" : [configmap "page" not found, secret "key" not found, ClusterTrustBundle projection is not supported in static kubelet mode]',
  ]);
  configMaps.set("d/page", { data: { a: "1" } });
  secrets.set("d/key", { data: { c: "Mw==" } });
  const three = podOf({ name: "all", projected: { sources: sources.slice(0, 3) } });
  await mount(three);
  assert.deepEqual(content("all"), ["dir/a=1", "c=3", "name=web"]);
  configMaps.set("d/page", { data: { a: "2" } });
  await changed("page");
  assert.equal(content("all")?.[0], "dir/a=2");
});

test("a token is replaced after 80 % of its life; while that fails the old one stays", async () => {
  const { clock, mount, content, tokens, files, events } = world();
  const serviceAccountToken = { path: "token", audience: "vault", expirationSeconds: 600 };
  const pod = podOf({ name: "token", projected: { sources: [{ serviceAccountToken }] } });
  const spec = { ...pod.spec, containers: pod.spec?.containers ?? [], serviceAccountName: "robot" };
  await mount({ ...pod, spec: { ...spec, securityContext: { runAsUser: 7, fsGroup: 9 } } });
  assert.deepEqual(content("token"), ["token=token 1"]);
  const [file] = files.payloads.get("u/token") ?? [];
  assert.deepEqual([file?.mode, file?.ownerId], [0o600, 7]);
  assert.deepEqual(tokens.requests, [
    {
      namespace: "d",
      serviceAccount: "robot",
      audiences: ["vault"],
      expirationSeconds: 600,
      pod: { name: "web", uid: "u" },
    },
  ]);
  await clock.pass(479_000);
  assert.equal(tokens.requests.length, 1);
  tokens.problem = "away";
  await clock.pass(1_000);
  assert.deepEqual([tokens.requests.length, content("token")], [2, ["token=token 1"]]);
  tokens.problem = undefined;
  await clock.pass(10_000);
  assert.deepEqual([content("token"), events], [["token=token 3"], []]);
});

test("a token that nobody gives is a reason to wait", async () => {
  const { mount, tokens, events } = world();
  tokens.problem = "no";
  const sources = [{ serviceAccountToken: { path: "token" } }];
  assert.deepEqual(await mount(podOf({ name: "token", projected: { sources } })), { missing: ["token"] });
  assert.deepEqual(events, [
    'Warning FailedMount MountVolume.SetUp failed for volume "token" : failed to fetch token: no',
  ]);
});

test("emptyDirs and payloads get the pod's group", async () => {
  const { mount, files, configMaps } = world();
  configMaps.set("d/page", { data: { a: "1" } });
  const pod = podOf({ name: "empty", emptyDir: {} }, { name: "cm", configMap: { name: "page" } });
  const spec = { ...pod.spec, containers: pod.spec?.containers ?? [], securityContext: { fsGroup: 9 } };
  await mount({ ...pod, spec });
  assert.deepEqual(files.groups.toSorted(), ["cm 9", "empty 9"]);
});

test("a pod that is being ended keeps its volumes as they are, and nothing is told of sources that go with it", async () => {
  const { configMaps, mount, changed, content, events, manager } = world();
  configMaps.set("d/page", { data: { a: "1" } });
  await mount(podOf({ name: "cm", configMap: { name: "page" } }));
  manager.freeze("u");
  configMaps.clear();
  await changed("page");
  assert.deepEqual([content("cm"), events], [["a=1"], []]);
});

test("a runtime that mounts no images says so of a volume that is one", async () => {
  const { mount, events } = world();
  const pod = podOf({ name: "model", image: { reference: "quay.io/model:1" } });
  assert.deepEqual(await mount(pod), { missing: ["model"] });
  const why = "volumes of type image need containerd 2.1 or newer, this node has 1.6.20";
  assert.deepEqual(events, [`Warning FailedMount MountVolume.SetUp failed for volume "model" : ${why}`]);
});
