import assert from "node:assert/strict";
import { test } from "node:test";
import { container, FakeNode, podOf } from "../../../test/support/fakes-agent.ts";
import { RuntimeError } from "../../ports/errors.ts";

const MODEL = "quay.io/team/model:1";

/** A node with a pod that mounts the image. */
async function nodeWithModel(before: (node: FakeNode) => void = () => {}) {
  const node = new FakeNode();
  before(node);
  const mounts = [{ name: "model", mountPath: "/model" }];
  const volumes = [{ name: "model", image: { reference: MODEL } }];
  const pod = podOf("web", { containers: [container("main", { volumeMounts: mounts })], volumes });
  await node.start();
  node.source.showPods(pod);
  await node.clock.pass(3_000);
  return { node, pod };
}

test("the image of a volume is pulled before the container is made, which gets it from the runtime", async () => {
  const { node } = await nodeWithModel();
  assert.deepEqual(node.images.pulls, [MODEL]);
  assert.ok(node.running("main"));
  const [config] = node.runtime.containerConfigs;
  const mount = config?.mounts?.find(({ containerPath }) => containerPath === "/model");
  assert.deepEqual(mount, {
    containerPath: "/model",
    hostPath: "",
    readonly: true,
    image: { image: `id-of-${MODEL}` },
  });
});

test("an image that cannot be pulled holds up the container, in the words of images", async () => {
  const { node, pod } = await nodeWithModel(({ images }) => {
    images.pull = async () => {
      throw new RuntimeError("Unknown", "PullImage", "401 Unauthorized");
    };
  });
  const waiting = node.status(pod)?.containerStatuses?.[0]?.state?.waiting;
  assert.equal(waiting?.reason, "ImagePullBackOff");
  assert.equal(waiting?.message, `Back-off pulling image "${MODEL}": ErrImagePull: 401 Unauthorized`);
});

test("the image of a volume is in use as long as its pod is there", async () => {
  const { node } = await nodeWithModel();
  node.images.present.add("unused:1");
  await node.clock.pass(300_000);
  await node.agent.imageGc.deleteUnusedImages();
  assert.deepEqual([...node.images.present].toSorted(), ["busybox:1", MODEL]);
  node.source.showPods();
  await node.clock.pass(300_000);
  await node.agent.imageGc.deleteUnusedImages();
  assert.ok(!node.images.present.has(MODEL));
});
