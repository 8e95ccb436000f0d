import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRuntimeError } from "../../src/ports/errors.ts";
import { type RuntimeUnderTest, sandboxConfig, settled, UNKNOWN_ID, withPod } from "./runtime-fixture.ts";

export function sandboxClaims(use: () => RuntimeUnderTest): void {
  describe("sandboxes", () => {
    it("reports a version and that it and its network are ready", async () => {
      const { runtime } = use();
      const version = await runtime.version();
      const { conditions } = await runtime.status();
      assert.notEqual(version.runtimeName, "");
      assert.equal(version.runtimeApiVersion, "v1");
      assert.deepEqual(
        ["RuntimeReady", "NetworkReady"].map((type) => conditions.find((condition) => condition.type === type)?.status),
        [true, true],
      );
    });

    it("is ready with an address once it runs, and says what it was made of", async () => {
      const subject = use();
      await withPod(subject, async ({ config, sandboxId }) => {
        const status = await subject.runtime.podSandboxStatus(sandboxId);
        assert.equal(status?.id, sandboxId);
        assert.equal(status.state, "SANDBOX_READY");
        assert.deepEqual({ ...status.metadata }, config.metadata);
        assert.deepEqual({ ...status.labels }, config.labels);
        assert.deepEqual({ ...status.annotations }, config.annotations);
        assert.ok(status.createdAtMs > 0);
        assert.match(status.network?.ip ?? "", /^[0-9a-f.:]+$/);
        assert.equal(status.namespaceOptions?.network, "POD");
      });
    });

    it("lists it by ID, state and labels, all of which must match", async () => {
      const subject = use();
      const { runtime } = subject;
      await withPod(subject, async ({ config, sandboxId }) => {
        const labelSelector = { app: config.metadata.name };
        const find = async (filter: Parameters<typeof runtime.listPodSandbox>[0]) =>
          (await runtime.listPodSandbox(filter)).map((sandbox) => sandbox.id);
        assert.ok((await find(undefined)).includes(sandboxId));
        assert.deepEqual(await find({ id: sandboxId }), [sandboxId]);
        assert.deepEqual(await find({ labelSelector }), [sandboxId]);
        assert.deepEqual(await find({ labelSelector, state: "SANDBOX_READY" }), [sandboxId]);
        assert.deepEqual(await find({ labelSelector, state: "SANDBOX_NOTREADY" }), []);
        assert.deepEqual(await find({ labelSelector: { ...labelSelector, other: "label" } }), []);
        const [row] = await runtime.listPodSandbox({ id: sandboxId });
        assert.deepEqual({ ...row?.metadata }, config.metadata);
        assert.deepEqual({ ...row?.labels }, config.labels);
        assert.deepEqual({ ...row?.annotations }, config.annotations);
      });
    });

    it("is not ready once stopped, may be stopped again, and is gone once removed, also twice", async () => {
      const subject = use();
      const { runtime } = subject;
      const id = await settled(subject, runtime.runPodSandbox(sandboxConfig(subject), ""));
      await settled(subject, runtime.stopPodSandbox(id));
      assert.equal((await runtime.podSandboxStatus(id))?.state, "SANDBOX_NOTREADY");
      await settled(subject, runtime.stopPodSandbox(id));
      await settled(subject, runtime.removePodSandbox(id));
      assert.equal(await runtime.podSandboxStatus(id), undefined);
      assert.deepEqual(await runtime.listPodSandbox({ id }), []);
      await settled(subject, runtime.stopPodSandbox(id));
      await settled(subject, runtime.removePodSandbox(id));
    });

    it("takes its containers along, running or not", async () => {
      const subject = use();
      const { runtime, commands } = subject;
      let running = "";
      let created = "";
      await withPod(subject, async ({ sandboxId, start, create }) => {
        running = await start(commands.ignoreTerm);
        created = await create(commands.sleep, { metadata: { name: "second", attempt: 0 } });
        await settled(subject, runtime.stopPodSandbox(sandboxId));
        assert.equal((await runtime.containerStatus(running))?.state, "CONTAINER_EXITED");
      });
      assert.equal(await runtime.containerStatus(running), undefined);
      assert.equal(await runtime.containerStatus(created), undefined);
    });

    it("uses the network of the node when asked to", async () => {
      const subject = use();
      const securityContext = { namespaceOptions: { network: "NODE", pid: "CONTAINER", ipc: "POD" } } as const;
      await withPod(
        subject,
        async ({ sandboxId }) => {
          const status = await subject.runtime.podSandboxStatus(sandboxId);
          assert.equal(status?.state, "SANDBOX_READY");
          assert.equal(status.namespaceOptions?.network, "NODE");
          assert.equal(status.network?.ip ?? "", "");
        },
        { hostname: "", linux: { cgroupParent: `${subject.cgroupParent}/host-network`, securityContext } },
      );
    });

    it("refuses a second one with the same name and attempt, and takes the next attempt", async () => {
      const subject = use();
      const { runtime } = subject;
      await withPod(subject, async ({ config }) => {
        await assert.rejects(settled(subject, runtime.runPodSandbox(config, "")), (error) => isRuntimeError(error));
        const next = { ...config, metadata: { ...config.metadata, attempt: 1 } };
        const id = await settled(subject, runtime.runPodSandbox(next, ""));
        assert.equal((await runtime.podSandboxStatus(id))?.metadata.attempt, 1);
        await settled(subject, runtime.stopPodSandbox(id));
        await settled(subject, runtime.removePodSandbox(id));
      });
    });

    it("refuses a runtime handler that it does not know", async () => {
      const subject = use();
      const { runtime } = subject;
      const config = sandboxConfig(subject);
      await assert.rejects(settled(subject, runtime.runPodSandbox(config, "no-such-handler")), (error) =>
        isRuntimeError(error),
      );
      assert.deepEqual(await runtime.listPodSandbox({ labelSelector: { app: config.metadata.name } }), []);
    });

    it("is absent when unknown, and stopping or removing it is no failure", async () => {
      const { runtime } = use();
      assert.equal(await runtime.podSandboxStatus(UNKNOWN_ID), undefined);
      await runtime.stopPodSandbox(UNKNOWN_ID);
      await runtime.removePodSandbox(UNKNOWN_ID);
    });
  });
}
