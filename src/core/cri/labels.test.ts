import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container, Pod } from "../api/types.ts";
import { containerHash } from "../pod/hash.ts";
import {
  containerAnnotations,
  containerInfoFromLabels,
  containerLabels,
  isManagedByKubelet,
  podLabelsOfSandbox,
  sandboxLabels,
} from "./labels.ts";

const container: Container = {
  name: "main",
  image: "app",
  terminationMessagePath: "/dev/termination-log",
  terminationMessagePolicy: "File",
  lifecycle: {
    preStop: { httpGet: { port: "web", path: "/bye?a=1&b=<2>", httpHeaders: [{ name: "X", value: "y" }] } },
  },
  ports: [{ containerPort: 80, name: "web" }],
};
const pod: Pod = {
  metadata: { name: "p", namespace: "ns", uid: "u", labels: { app: "x", "io.kubernetes.pod.uid": "forged" } },
  spec: { containers: [container], terminationGracePeriodSeconds: 7 },
};

test("what the annotations say of a container is what was written", () => {
  const info = containerInfoFromLabels(containerLabels(pod, container), containerAnnotations(pod, container, 3));
  assert.deepEqual(info, {
    podName: "p",
    podNamespace: "ns",
    podUid: "u",
    containerName: "main",
    hash: containerHash(container),
    restartCount: 3,
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    podTerminationGraceSeconds: 7,
    preStop: container.lifecycle?.preStop,
    ports: [{ name: "web", containerPort: 80 }],
  });
});

test("a pre-stop handler is written as Go writes it", () => {
  assert.equal(
    containerAnnotations(pod, container, 0)["io.kubernetes.container.preStopHandler"],
    '{"httpGet":{"path":"/bye?a=1\\u0026b=\\u003c2\\u003e","port":"web","httpHeaders":[{"name":"X","value":"y"}]}}',
  );
});

test("annotations of device plugins do not replace the kubelet's own", () => {
  const extra = { "io.kubernetes.container.restartCount": "9", "vendor.com/gpu": "0" };
  const annotations = containerAnnotations(pod, container, 1, extra);
  assert.equal(annotations["io.kubernetes.container.restartCount"], "1");
  assert.equal(annotations["vendor.com/gpu"], "0");
});

test("unreadable annotations leave their fields out and count as no restart", () => {
  const info = containerInfoFromLabels(
    {},
    {
      "io.kubernetes.container.restartCount": "many",
      "io.kubernetes.container.ports": "{",
      "io.kubernetes.container.preStopHandler": "[]",
      "io.kubernetes.pod.deletionGracePeriod": "",
    },
  );
  assert.equal(info.restartCount, 0);
  assert.equal(info.podUid, "");
  for (const field of ["ports", "preStop", "podDeletionGraceSeconds"]) assert.equal(field in info, false, field);
});

test("a pod cannot name itself another by its labels", () => {
  const labels = sandboxLabels(pod);
  assert.equal(labels["io.kubernetes.pod.uid"], "u");
  assert.deepEqual(podLabelsOfSandbox(labels), { app: "x" });
  assert.equal(isManagedByKubelet(labels), true);
  assert.equal(isManagedByKubelet({ "io.kubernetes.pod.name": "p" }), false);
});
