import assert from "node:assert/strict";
import { test } from "node:test";
import { volumePlaces } from "./volume-place.ts";

test("volumes of the pod's own are measured, and those on the node's disk count as its ephemeral storage", () => {
  const places = volumePlaces(
    [
      { name: "scratch", emptyDir: {} },
      { name: "bare" },
      { name: "ram", emptyDir: { medium: "Memory" } },
      { name: "config", configMap: { name: "c" } },
      { name: "secret", secret: { secretName: "s" } },
      { name: "host", hostPath: { path: "/srv" } },
    ],
    "u1",
    "/var/lib/x/pods",
  );
  const volumes = "/var/lib/x/pods/u1/volumes";
  assert.deepEqual(places, [
    { name: "scratch", directory: `${volumes}/kubernetes.io~empty-dir/scratch`, isLocalEphemeral: true },
    { name: "bare", directory: `${volumes}/kubernetes.io~empty-dir/bare`, isLocalEphemeral: true },
    { name: "ram", directory: `${volumes}/kubernetes.io~empty-dir/ram`, isLocalEphemeral: false },
    { name: "config", directory: `${volumes}/kubernetes.io~configmap/config`, isLocalEphemeral: true },
    { name: "secret", directory: `${volumes}/kubernetes.io~secret/secret`, isLocalEphemeral: false },
  ]);
});
