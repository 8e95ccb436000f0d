import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cgroupOwner } from "./oom-place.ts";

const podUid = "1f3c8a0e-6f5f-4b07-9d5e-000000000001";
const containerId = "ef807430361e6e82b45db92e2e9b6fbec98f419b12c591e655c1a725565e73a8";

describe("the owner of a cgroup", () => {
  it("is read from the paths of the cgroupfs driver", () => {
    assert.deepEqual(cgroupOwner(`/kubepods/burstable/pod${podUid}/${containerId}`), { podUid, containerId });
    assert.deepEqual(cgroupOwner(`/kubepods/pod${podUid}`), { podUid });
  });

  it("is read from the paths of the systemd driver, whatever the runtime", () => {
    const slice = `kubepods-burstable-pod${podUid.replaceAll("-", "_")}.slice`;
    const pod = `/kubepods.slice/kubepods-burstable.slice/${slice}`;
    for (const prefix of ["cri-containerd-", "crio-", ""]) {
      assert.deepEqual(cgroupOwner(`${pod}/${prefix}${containerId}.scope`), { podUid, containerId });
    }
    assert.deepEqual(cgroupOwner(pod), { podUid });
    assert.deepEqual(cgroupOwner(`/kubepods.slice/kubepods-pod${podUid.replaceAll("-", "_")}.slice`), { podUid });
  });

  it("is found below other cgroups, and for what a container made inside its own", () => {
    const path = `/docker/abc/kubepods/besteffort/pod${podUid}/${containerId}/init.scope/worker`;
    assert.deepEqual(cgroupOwner(path), { podUid, containerId });
  });

  it("is no pod elsewhere", () => {
    for (const path of [
      "/",
      "",
      "/system.slice/ssh.service",
      "/user.slice",
      "/podman.slice",
      "/pods/podman",
      "/kubepods/burstable",
    ]) {
      assert.deepEqual(cgroupOwner(path), {}, path);
    }
  });
});
