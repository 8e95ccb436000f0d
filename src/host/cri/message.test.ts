import assert from "node:assert/strict";
import { describe, it } from "node:test";
import protobuf from "protobufjs";
import { containerStatusResponse, createContainerRequest, listContainersRequest } from "./container-schema.ts";
import { imageFsInfoResponse } from "./image-schema.ts";
import { decode, encode, int64, message, repeated, string } from "./message.ts";
import { podSandboxStatusResponse } from "./sandbox-schema.ts";
import { runtimeConfigResponse, statusResponse, updateRuntimeConfigRequest } from "./status-schema.ts";
import { MalformedMessage } from "./wire-format.ts";

// protobufjs is the judge of the encoding; the declarations here are the parts of CRI that need care.
const { root } = protobuf.parse(
  `syntax = "proto3";
   message Int64Value { int64 value = 1; }
   message NamespaceOption { int32 network = 1; int32 pid = 2; int32 ipc = 3; string target_id = 4; }
   message Resources { int64 cpu_period = 1; int64 cpu_quota = 2; int64 cpu_shares = 3; int64 memory_limit_in_bytes = 4;
     int64 oom_score_adj = 5; map<string, string> unified = 9; }
   message Security { NamespaceOption namespace_options = 3; Int64Value run_as_user = 5; Int64Value run_as_group = 12;
     repeated int64 supplemental_groups = 8; }
   message Linux { Resources resources = 1; Security security_context = 2; }
   message Meta { string name = 1; uint32 attempt = 2; }
   message Image { string image = 1; map<string, string> annotations = 2; }
   message KeyValue { string key = 1; string value = 2; }
   message Cdi { string name = 1; }
   message Mount { string container_path = 1; string host_path = 2; bool readonly = 3; int32 propagation = 5; }
   message Config { Meta metadata = 1; Image image = 2; repeated string command = 3; repeated KeyValue envs = 6;
     repeated Mount mounts = 7; map<string, string> labels = 9; string log_path = 11; bool tty = 14; Linux linux = 15;
     repeated Cdi CDI_devices = 17; }
   message Pod { string name = 1; string uid = 2; string namespace = 3; uint32 attempt = 4; }
   message SandboxConfig { Pod metadata = 1; string hostname = 2; }
   message Create { string pod_sandbox_id = 1; Config config = 2; SandboxConfig sandbox_config = 3; }
   message StateValue { int32 state = 1; }
   message Filter { string id = 1; StateValue state = 2; string pod_sandbox_id = 3; map<string, string> label_selector = 4; }
   message List { Filter filter = 1; }
   message ContainerResources { Resources linux = 1; }
   message Status { string id = 1; Meta metadata = 2; int32 state = 3; int64 created_at = 4; int64 finished_at = 6;
     int32 exit_code = 7; Image image = 8; map<string, string> labels = 12; ContainerResources resources = 16; }
   message StatusResponse { Status status = 1; map<string, string> info = 2; }
   message PodIP { string ip = 1; }
   message Network { string ip = 1; repeated PodIP additional_ips = 2; }
   message Namespace { NamespaceOption options = 2; }
   message LinuxSandbox { Namespace namespaces = 1; }
   message Sandbox { string id = 1; int32 state = 3; Network network = 5; LinuxSandbox linux = 6; }
   message SandboxResponse { Sandbox status = 1; }
   message UInt64Value { uint64 value = 1; }
   message FilesystemIdentifier { string mountpoint = 1; }
   message FilesystemUsage { int64 timestamp = 1; FilesystemIdentifier fs_id = 2; UInt64Value used_bytes = 3;
     UInt64Value inodes_used = 4; }
   message FsInfo { repeated FilesystemUsage image_filesystems = 1; repeated FilesystemUsage container_filesystems = 2; }`,
  { keepCase: false },
);

const judge = (name: string) => root.lookupType(name);
const plain = (name: string, bytes: Uint8Array) =>
  judge(name).toObject(judge(name).decode(bytes), { longs: Number, defaults: false });
const wire = (name: string, value: object) => judge(name).encode(judge(name).fromObject(value)).finish();

describe("protobuf messages", () => {
  it("writes what another implementation reads", () => {
    const config = {
      metadata: { name: "main", attempt: 4_294_967_295 },
      image: { image: "busybox", annotations: { "a/b": "ü" } },
      command: ["sh", "", "-c"],
      envs: [{ key: "EMPTY", value: "" }],
      mounts: [{ containerPath: "/a", hostPath: "/b", readonly: true, propagation: "PROPAGATION_BIDIRECTIONAL" }],
      labels: {},
      logPath: "x".repeat(300),
      tty: false,
      linux: {
        resources: { cpuQuota: -1, memoryLimitInBytes: 2 ** 53 - 1, oomScoreAdj: -997, unified: { "memory.min": "1" } },
        securityContext: {
          namespaceOptions: { network: "POD", pid: "CONTAINER", ipc: "NODE" },
          runAsUser: 0,
          supplementalGroups: [0, 1, 70_000, 4_294_967_296],
        },
      },
      cdiDevices: ["vendor.com/gpu=0"],
    } as const;
    const sandboxConfig = { metadata: { name: "pod", uid: "u", namespace: "n", attempt: 0 } };
    assert.deepEqual(plain("Create", encode(createContainerRequest, { podSandboxId: "s", config, sandboxConfig })), {
      podSandboxId: "s",
      config: {
        metadata: { name: "main", attempt: 4_294_967_295 },
        image: { image: "busybox", annotations: { "a/b": "ü" } },
        command: ["sh", "", "-c"],
        envs: [{ key: "EMPTY" }],
        mounts: [{ containerPath: "/a", hostPath: "/b", readonly: true, propagation: 2 }],
        logPath: "x".repeat(300),
        linux: {
          resources: {
            cpuQuota: -1,
            memoryLimitInBytes: 2 ** 53 - 1,
            oomScoreAdj: -997,
            unified: { "memory.min": "1" },
          },
          securityContext: {
            namespaceOptions: { pid: 1, ipc: 2 },
            // Zero is a user, not the absence of one: the wrapper is there, empty.
            runAsUser: {},
            supplementalGroups: [0, 1, 70_000, 4_294_967_296],
          },
        },
        CDIDevices: [{ name: "vendor.com/gpu=0" }],
      },
      sandboxConfig: { metadata: { name: "pod", uid: "u", namespace: "n" } },
    });
  });

  it("tells the first state in a filter from no state", () => {
    assert.deepEqual(plain("List", encode(listContainersRequest, { filter: { state: "CONTAINER_CREATED" } })), {
      filter: { state: {} },
    });
    assert.deepEqual(plain("List", encode(listContainersRequest, { filter: {} })), { filter: {} });
    assert.deepEqual(plain("List", encode(listContainersRequest, {})), {});
  });

  it("reads what another implementation writes: defaults, times, negative numbers", () => {
    const bytes = wire("StatusResponse", {
      status: {
        id: "c",
        metadata: { name: "main" },
        state: 2,
        createdAt: "1795253158479586700",
        exitCode: -1,
        labels: { a: "1", b: "" },
        resources: { linux: { cpuQuota: -1 } },
      },
      info: { ignored: "yes" },
    });
    const { status } = decode(containerStatusResponse, bytes);
    assert.ok(Math.abs((status?.createdAtMs ?? 0) - 1795253158479.5867) < 0.001);
    assert.deepEqual(
      { ...status, createdAtMs: 0 },
      {
        id: "c",
        metadata: { name: "main", attempt: 0 },
        state: "CONTAINER_EXITED",
        createdAtMs: 0,
        startedAtMs: 0,
        finishedAtMs: 0,
        exitCode: -1,
        image: { image: "" },
        imageRef: "",
        reason: "",
        message: "",
        labels: { a: "1", b: "" },
        annotations: {},
        mounts: [],
        logPath: "",
        resources: { cpuQuota: -1 },
      },
    );
  });

  it("takes a state that it does not know for the careful one", () => {
    assert.equal(
      decode(containerStatusResponse, wire("StatusResponse", { status: { state: 9 } })).status?.state,
      "CONTAINER_UNKNOWN",
    );
    assert.equal(
      decode(podSandboxStatusResponse, wire("SandboxResponse", { status: { state: 9 } })).status?.state,
      "SANDBOX_NOTREADY",
    );
  });

  it("flattens what CRI wraps, and leaves out what is absent at any level", () => {
    const full = wire("SandboxResponse", {
      status: {
        network: { ip: "10.0.0.1", additionalIps: [{ ip: "fd00::1" }, {}] },
        linux: { namespaces: { options: { pid: 1 } } },
      },
    });
    const { status } = decode(podSandboxStatusResponse, full);
    assert.deepEqual(status?.network, { ip: "10.0.0.1", additionalIps: ["fd00::1", ""] });
    assert.deepEqual(status?.namespaceOptions, { network: "POD", pid: "CONTAINER", ipc: "POD" });
    for (const linux of [undefined, {}, { namespaces: {} }]) {
      const decoded = decode(podSandboxStatusResponse, wire("SandboxResponse", { status: { linux } })).status;
      assert.ok(decoded !== undefined && !("namespaceOptions" in decoded) && !("network" in decoded));
    }
    assert.deepEqual(decode(podSandboxStatusResponse, new Uint8Array(0)), {});
    // runtime_handlers { name: "u" features { user_namespaces: true } } features { supplemental_groups_policy: true }
    const told = Uint8Array.of(26, 7, 10, 1, 117, 18, 2, 16, 1, 34, 2, 8, 1);
    assert.deepEqual(decode(statusResponse, told), {
      conditions: [],
      runtimeHandlers: [{ name: "u", features: { recursiveReadOnlyMounts: false, userNamespaces: true } }],
      supplementalGroupsPolicy: true,
    });
    assert.deepEqual(decode(runtimeConfigResponse, Uint8Array.of(10, 0)), { cgroupDriver: "systemd" });
    assert.deepEqual(
      decode(updateRuntimeConfigRequest, encode(updateRuntimeConfigRequest, { podCidr: "10.1.0.0/16" })),
      {
        podCidr: "10.1.0.0/16",
      },
    );
  });

  it("reads where images and writable layers are, and no word of layers as none", () => {
    const usage = (mountpoint: string, value: number) => ({
      timestamp: 3_000_000,
      fsId: { mountpoint },
      usedBytes: { value },
      inodesUsed: {},
    });
    const read = (mountpoint: string, usedBytes: number) => ({ timestampMs: 3, mountpoint, usedBytes, inodesUsed: 0 });
    const split = wire("FsInfo", { imageFilesystems: [usage("/i", 5)], containerFilesystems: [usage("/c", 6)] });
    assert.deepEqual(decode(imageFsInfoResponse, split), {
      imageFilesystems: [read("/i", 5)],
      containerFilesystems: [read("/c", 6)],
    });
    const old = wire("FsInfo", { imageFilesystems: [usage("/i", 5)] });
    assert.deepEqual(decode(imageFsInfoResponse, old).containerFilesystems, []);
  });

  it("reads numbers in a list packed or one by one", () => {
    const list = message<{ numbers: readonly number[] }>({ numbers: repeated(int64(1), "packed") });
    assert.deepEqual(decode(list, Uint8Array.of(8, 1, 10, 2, 2, 3, 8, 4)), { numbers: [1, 2, 3, 4] });
  });

  it("refuses bytes that end too early or are no message, and fields that share a number", () => {
    for (const bytes of [[10], [10, 5, 1], [8], [8, 255], Array<number>(12).fill(255), [11]]) {
      assert.throws(() => decode(podSandboxStatusResponse, Uint8Array.from(bytes)), MalformedMessage, String(bytes));
    }
    assert.throws(() => message<{ a: string; b: string }>({ a: string(1), b: string(1) }));
  });
});
