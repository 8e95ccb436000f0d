import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock, settle } from "../../../test/support/fakes-clock.ts";
import { FakeCsiDriver, FakePluginSockets } from "../../../test/support/fakes-csi.ts";
import { FakeLog } from "../../../test/support/fakes-ports.ts";
import { CsiRegistry } from "./csi-registry.ts";

const SOCKET = { path: "/registry/d-reg.sock", identity: "1" };
const INFO = { type: "CSIPlugin", name: "d.example.com", endpoint: "/d/csi.sock", supportedVersions: ["1.0.0"] };

async function world() {
  const [clock, log] = [new FakeClock(), new FakeLog()];
  const [pluginSockets, driver] = [new FakePluginSockets(), new FakeCsiDriver()];
  const registered: string[] = [];
  const registry = new CsiRegistry(
    { clock, log, pluginSockets, csiDrivers: driver },
    { onRegistered: (name) => registered.push(name) },
  );
  const end = new AbortController();
  await registry.start(end.signal);
  const close = async () => {
    end.abort();
    await registry.stop();
  };
  return { clock, log, pluginSockets, driver, registry, registered, close };
}

describe("CsiRegistry", () => {
  it("takes a driver, tells it so, and knows what it can", async () => {
    const { pluginSockets, registry, registered, close } = await world();
    pluginSockets.infos.set(SOCKET.path, INFO);
    pluginSockets.show([SOCKET]);
    await settle();
    assert.deepEqual([registered, pluginSockets.told], [["d.example.com"], ["/registry/d-reg.sock: registered"]]);
    const driver = registry.driver("d.example.com");
    assert.ok(!("error" in driver));
    assert.deepEqual([driver.endpoint, driver.node.nodeId], ["/d/csi.sock", "node-id"]);
    await close();
  });

  it("says in the kubelet's words that a driver is not there", async () => {
    const { registry, close } = await world();
    assert.deepEqual(registry.driver("x"), {
      error: "driver name x not found in the list of registered CSI drivers",
    });
    await close();
  });

  it("refuses what it cannot use, with the reason, and asks no more", async () => {
    const { clock, pluginSockets, registry, close } = await world();
    const cases: readonly [object, RegExp][] = [
      [{ type: "DevicePlugin" }, /no handler registered for plugin type: DevicePlugin at socket/],
      [{ supportedVersions: ["0.3.0"] }, /none of the CSI versions reported by this driver are supported/],
      [{ supportedVersions: [] }, /versions list is empty/],
      [{ name: "../evil" }, /driver name "..\/evil" cannot be used/],
    ];
    for (const [index, [fields]] of cases.entries()) {
      pluginSockets.infos.set(SOCKET.path, { ...INFO, ...fields });
      pluginSockets.show([{ ...SOCKET, identity: `case ${index}` }]);
      await settle();
    }
    await clock.pass(120_000);
    assert.equal(pluginSockets.told.length, cases.length);
    for (const [index, [, text]] of cases.entries()) assert.match(pluginSockets.told[index] ?? "", text);
    assert.equal(registry.drivers().size, 0);
    await close();
  });

  it("asks a driver that does not answer again, and forgets one whose socket goes", async () => {
    const { clock, pluginSockets, driver, registry, close } = await world();
    pluginSockets.infos.set(SOCKET.path, INFO);
    driver.failing.add("nodeInfo");
    pluginSockets.show([SOCKET]);
    await settle();
    assert.match(pluginSockets.told[0] ?? "", /plugin registration failed with err: .*nodeInfo/);
    assert.equal(registry.drivers().size, 0);
    driver.failing.clear();
    await clock.pass(500);
    assert.equal(registry.drivers().size, 1);
    pluginSockets.show([]);
    await settle();
    assert.equal(registry.drivers().size, 0);
    await close();
  });

  it("takes a driver anew whose socket was made anew, and keeps it meanwhile", async () => {
    const { pluginSockets, registry, registered, close } = await world();
    pluginSockets.infos.set(SOCKET.path, INFO);
    pluginSockets.show([SOCKET]);
    await settle();
    pluginSockets.show([{ ...SOCKET, identity: "2" }]);
    assert.equal(registry.drivers().size, 1);
    await settle();
    assert.deepEqual(registered, ["d.example.com", "d.example.com"]);
    await close();
  });

  it("takes the socket that was asked where a plugin names no endpoint", async () => {
    const { pluginSockets, registry, close } = await world();
    pluginSockets.infos.set(SOCKET.path, { ...INFO, endpoint: "" });
    pluginSockets.show([SOCKET]);
    await settle();
    assert.equal(registry.drivers().get("d.example.com")?.endpoint, SOCKET.path);
    await close();
  });
});
