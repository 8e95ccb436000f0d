import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeFiles } from "../../../test/support/fakes-ports.ts";
import type { ConfigMap, Pod, Secret, Volume } from "../../core/api/types.ts";
import { PodVolumes } from "./pod-volumes.ts";

function world() {
  const files = new FakeFiles();
  const configMaps = new Map<string, ConfigMap>();
  const secrets = new Map<string, Secret>();
  const objects = {
    configMap: (namespace: string, name: string) => configMaps.get(`${namespace}/${name}`),
    secret: (namespace: string, name: string) => secrets.get(`${namespace}/${name}`),
  };
  const volumes = new PodVolumes({ files, objects });
  const mount = async (...all: readonly Volume[]) => {
    const pod: Pod = {
      metadata: { name: "web", uid: "u", namespace: "d" },
      spec: { containers: [], volumes: [...all] },
    };
    const { paths, problems } = await volumes.mount(pod);
    return { paths: Object.fromEntries(paths), problems: problems.map(({ message }) => message) };
  };
  const content = (name: string) =>
    files.payloads.get(`u/${name}`)?.map((file) => `${file.path}=${new TextDecoder().decode(file.content)}`);
  return { files, configMaps, secrets, volumes, mount, content };
}

test("emptyDir, bare, hostPath, ConfigMap and Secret volumes get their places", async () => {
  const { configMaps, secrets, mount, content } = world();
  configMaps.set("d/page", { data: { a: "1" }, binaryData: { b: "Mg==" } });
  secrets.set("d/key", { data: { c: "Mw==" } });
  const { paths, problems } = await mount(
    { name: "empty", emptyDir: {} },
    { name: "bare" },
    { name: "host", hostPath: { path: "/srv" } },
    { name: "cm", configMap: { name: "page" } },
    { name: "sec", secret: { secretName: "key" } },
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(paths, {
    empty: "/pods/u/empty",
    bare: "/pods/u/bare",
    host: "/srv",
    cm: "/pods/u/cm",
    sec: "/pods/u/sec",
  });
  assert.deepEqual([content("cm")?.toSorted(), content("sec")], [["a=1", "b=2"], ["c=3"]]);
});

test("what is missing is told in the kubelet's words, and only what needs it lacks its place", async () => {
  const { mount } = world();
  const { paths, problems } = await mount(
    { name: "empty", emptyDir: {} },
    { name: "cm", configMap: { name: "page" } },
    { name: "host", hostPath: { path: "/srv", type: "Directory" } },
    { name: "disk", nfs: { server: "s", path: "/" } },
  );
  assert.deepEqual(Object.keys(paths), ["empty"]);
  assert.deepEqual(problems, [
    'MountVolume.SetUp failed for volume "cm" : configmap "page" not found',
    'MountVolume.SetUp failed for volume "host" : hostPath type check failed: /srv is not a directory',
    'MountVolume.SetUp failed for volume "disk" : volumes of type nfs are not supported yet',
  ]);
});

test("an optional object that is not there is an empty volume", async () => {
  const { mount, content } = world();
  const { problems } = await mount({ name: "cm", configMap: { name: "page", optional: true } });
  assert.deepEqual([problems, content("cm")], [[], []]);
});

test("contents follow the object; when it goes a pod that has it keeps it, until the pod is forgotten", async () => {
  const { configMaps, volumes, mount, content } = world();
  const volume = { name: "cm", configMap: { name: "page" } };
  configMaps.set("d/page", { data: { a: "1" } });
  await mount(volume);
  configMaps.set("d/page", { data: { a: "2" } });
  await mount(volume);
  assert.deepEqual(content("cm"), ["a=2"]);
  configMaps.clear();
  assert.deepEqual((await mount(volume)).paths, { cm: "/pods/u/cm" });
  volumes.forget("u");
  assert.deepEqual((await mount(volume)).paths, {});
});
