import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../api/types.ts";
import { imageVolumeProblem, volumeImageNames, volumeImages } from "./image-volume.ts";

const POD: Pod = {
  spec: {
    containers: [],
    volumes: [
      { name: "model", image: { reference: "quay.io/model:1", pullPolicy: "IfNotPresent" } },
      { name: "scratch", emptyDir: {} },
      { name: "same", image: { reference: "quay.io/model:1", pullPolicy: "Always" } },
    ],
  },
};

test("a container needs the images of the volumes that it mounts, each once", () => {
  const volumeMounts = ["model", "scratch", "model"].map((name, index) => ({ name, mountPath: `/${index}` }));
  assert.deepEqual(volumeImages(POD, { volumeMounts }), [
    { name: "model", reference: "quay.io/model:1", policy: "IfNotPresent" },
  ]);
  assert.deepEqual(volumeImages(POD, {}), []);
});

test("what volumes of pods show is in use", () => {
  const bare: Pod = { spec: { containers: [], volumes: [{ name: "a", image: { reference: "model" } }] } };
  const wrong: Pod = { spec: { containers: [], volumes: [{ name: "a", image: { reference: "A B" } }] } };
  assert.deepEqual(volumeImageNames([POD, {}, POD, bare, wrong]), ["quay.io/model:1", "model:latest"]);
});

test("runtimes that cannot mount an image are known by their version, with what is needed", () => {
  const problem = (runtimeName: string, runtimeVersion: string) => imageVolumeProblem({ runtimeName, runtimeVersion });
  assert.equal(
    problem("containerd", "1.6.20~ds1"),
    "volumes of type image need containerd 2.1 or newer, this node has 1.6.20~ds1",
  );
  assert.match(problem("containerd", "v2.0.5") ?? "", /need containerd 2\.1/);
  assert.match(problem("cri-o", "1.30.1") ?? "", /need cri-o 1\.31/);
  const able = [
    ["containerd", "v2.1.0"],
    ["containerd", "2.10.3"],
    ["containerd", "3.0.0"],
    ["cri-o", "1.31.0"],
    ["other", "0.1"],
    ["containerd", "unknown"],
  ] as const;
  for (const [name, version] of able) assert.equal(problem(name, version), undefined, `${name} ${version}`);
  assert.match(imageVolumeProblem(undefined) ?? "", /not said yet/);
});
