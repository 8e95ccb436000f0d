import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cgroupNaming, isCgroupSegment, KUBEPODS, parseCgroupName, podCgroupName, podUidOfCgroup } from "./names.ts";

const UID = "1234-abcd";
const POD = podCgroupName(KUBEPODS, "Burstable", UID);
const SLICE = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1234_abcd.slice";

describe("cgroup names", () => {
  it("put guaranteed pods right below kubepods, others below their class", () => {
    assert.deepEqual(podCgroupName(KUBEPODS, "Guaranteed", UID), ["kubepods", "pod1234-abcd"]);
    assert.deepEqual(POD, ["kubepods", "burstable", "pod1234-abcd"]);
    assert.deepEqual(podCgroupName(KUBEPODS, "BestEffort", UID), ["kubepods", "besteffort", "pod1234-abcd"]);
  });

  it("are written as plain paths by cgroupfs and as nested slices by systemd", () => {
    assert.equal(cgroupNaming("cgroupfs").path(POD), "/kubepods/burstable/pod1234-abcd");
    assert.equal(cgroupNaming("systemd").path(POD), SLICE);
    assert.equal(cgroupNaming("systemd").runtimePath(POD), SLICE);
    assert.equal(cgroupNaming("systemd").path([]), "/");
    assert.equal(cgroupNaming("cgroupfs").path([]), "/");
  });

  it("are read back by both", () => {
    for (const driver of ["cgroupfs", "systemd"] as const) {
      const naming = cgroupNaming(driver);
      assert.deepEqual(naming.parse(naming.path(POD)), POD);
      assert.deepEqual(naming.parse("/"), []);
    }
    assert.equal(podUidOfCgroup(parseCgroupName("systemd", SLICE)), UID);
    assert.deepEqual(parseCgroupName("systemd", "/system.slice"), ["system"]);
  });

  it("tell the pod of a cgroup only where it is one's", () => {
    assert.equal(podUidOfCgroup(POD), UID);
    assert.equal(podUidOfCgroup(["kubepods", "burstable"]), undefined);
    assert.equal(podUidOfCgroup(["kubepods", "pod"]), undefined);
    assert.equal(podUidOfCgroup([]), undefined);
  });

  it("lie below a cgroup root and come back without it", () => {
    const plain = cgroupNaming("cgroupfs", ["machine", "a"]);
    assert.equal(plain.path(POD), "/machine/a/kubepods/burstable/pod1234-abcd");
    assert.deepEqual(plain.parse("/machine/a/kubepods"), ["kubepods"]);
    const slices = cgroupNaming("systemd", ["machine"]);
    assert.equal(slices.path(["kubepods"]), "/machine.slice/machine-kubepods.slice");
    assert.deepEqual(slices.parse("/machine.slice/machine-kubepods.slice"), ["kubepods"]);
  });

  it("are found among the directories of their parent, foreign units are not", () => {
    const parent = ["kubepods", "burstable"];
    const slices = cgroupNaming("systemd");
    assert.equal(slices.childSegment(parent, "kubepods-burstable-pod1234_abcd.slice"), "pod1234-abcd");
    assert.equal(slices.childSegment(parent, "kubepods-besteffort-pod1.slice"), undefined);
    assert.equal(slices.childSegment(parent, "cri-containerd-1.scope"), undefined);
    assert.equal(cgroupNaming("cgroupfs").childSegment(parent, "pod1"), "pod1");
  });

  it("have no segment that leaves the tree or cannot be unescaped", () => {
    for (const text of ["", ".", "..", "a/b", "a_b", "a\0"]) assert.equal(isCgroupSegment(text), false, text);
    assert.equal(isCgroupSegment(`pod${UID}`), true);
  });
});
