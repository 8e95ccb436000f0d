/**
 * A CSI driver as the specification asks for one, small and without its controller part, with the registrar that makes it
 * known to the kubelet: a program of its own. Volumes are directories (with block access: files behind loop devices) below
 * its data directory; an inline volume is a tmpfs. It writes each call into a journal, and a file of faults makes calls
 * fail, be slow, or fail after they were done.
 *
 *   node csi-driver.ts NAME SOCKET REGISTRY_DIRECTORY DATA_DIRECTORY [OPTION=VALUE ...]
 */
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import protobuf from "protobufjs";
import { readMountsBelow } from "../../src/host/procfs/mount-info.ts";

// The parts of csi.proto (spec 1.9) and of the kubelet's pluginregistration/v1 that a node's driver has to do with.
const { root } = protobuf.parse(
  `syntax = "proto3";
   message Empty {}
   message PluginInfo { string name = 1; string vendor_version = 2; map<string, string> manifest = 3; }
   message Topology { map<string, string> segments = 1; }
   message NodeInfo { string node_id = 1; int64 max_volumes_per_node = 2; Topology accessible_topology = 3; }
   message Rpc { int32 type = 1; }
   message NodeCapability { Rpc rpc = 1; }
   message NodeCapabilities { repeated NodeCapability capabilities = 1; }
   message MountAccess { string fs_type = 1; repeated string mount_flags = 2; string volume_mount_group = 3; }
   message Mode { int32 mode = 1; }
   message Capability { oneof access_type { Empty block = 1; MountAccess mount = 2; } Mode access_mode = 3; }
   message Stage { string volume_id = 1; map<string, string> publish_context = 2; string staging_target_path = 3;
     Capability volume_capability = 4; map<string, string> secrets = 5; map<string, string> volume_context = 6; }
   message Unstage { string volume_id = 1; string staging_target_path = 2; }
   message Publish { string volume_id = 1; map<string, string> publish_context = 2; string staging_target_path = 3;
     string target_path = 4; Capability volume_capability = 5; bool readonly = 6; map<string, string> secrets = 7;
     map<string, string> volume_context = 8; }
   message Unpublish { string volume_id = 1; string target_path = 2; }
   message StatsRequest { string volume_id = 1; string volume_path = 2; string staging_target_path = 3; }
   message Usage { int64 available = 1; int64 total = 2; int64 used = 3; int32 unit = 4; }
   message Condition { bool abnormal = 1; string message = 2; }
   message Stats { repeated Usage usage = 1; Condition volume_condition = 2; }
   message Range { int64 required_bytes = 1; int64 limit_bytes = 2; }
   message ExpandRequest { string volume_id = 1; string volume_path = 2; Range capacity_range = 3;
     string staging_target_path = 4; Capability volume_capability = 5; map<string, string> secrets = 6; }
   message Expanded { int64 capacity_bytes = 1; }
   message Registration { string type = 1; string name = 2; string endpoint = 3; repeated string supported_versions = 4; }
   message RegistrationStatus { bool plugin_registered = 1; string error = 2; }`,
  { keepCase: true },
);

type Texts = Readonly<Record<string, string>>;

interface Capability {
  readonly block?: object;
  readonly mount?: { readonly fs_type: string; readonly mount_flags: readonly string[]; volume_mount_group: string };
  readonly access_mode?: { readonly mode: number };
}

interface Request {
  readonly volume_id: string;
  readonly staging_target_path: string;
  readonly target_path: string;
  readonly volume_path: string;
  readonly volume_capability?: Capability;
  readonly readonly: boolean;
  readonly secrets: Texts;
  readonly volume_context: Texts;
  readonly capacity_range?: { readonly required_bytes: number };
  readonly plugin_registered: boolean;
  readonly error: string;
}

/** What a call is to come to instead, read from `faults.json` by the call's name. */
export interface CsiFault {
  /** gRPC status; absent: the call goes well. */
  readonly code?: number;
  readonly delayMs?: number;
  /** It is done, and told as failed. */
  readonly afterDone?: boolean;
  /** So many calls; absent: all. */
  readonly times?: number;
}

class Failure extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;

const [name = "", socket = "", registry = "", data = "", ...optionTexts] = process.argv.slice(2);
const options = new Map(optionTexts.map((text) => [text.split("=")[0] ?? "", text.slice(text.indexOf("=") + 1)]));
const capabilities = (options.get("capabilities") ?? "1,2,3,4").split(",").map(Number);
const usesStaging = capabilities.includes(1);
const versions = (options.get("versions") ?? "1.0.0").split(",");

const volumes = join(data, "volumes");
mkdirSync(volumes, { recursive: true });

function isMounted(path: string): boolean {
  return readMountsBelow(dirname(path)).some(({ mountPoint }) => mountPoint === path);
}

function required(value: string, field: string): string {
  if (value === "") throw new Failure(INVALID_ARGUMENT, `${field} missing in request`);
  return value;
}

/** A volume exists when its directory does, as if a controller had made it. */
function volumeOf(request: Request): string {
  const path = join(volumes, basename(required(request.volume_id, "volume id")));
  if (!existsSync(path)) throw new Failure(NOT_FOUND, `volume ${request.volume_id} does not exist`);
  return path;
}

function needCapability({ volume_capability: capability }: Request): Capability {
  if (capability === undefined || !capability.access_mode?.mode) {
    throw new Failure(INVALID_ARGUMENT, "volume capability missing in request");
  }
  return capability;
}

const run = (program: string, ...args: readonly string[]) => execFileSync(program, args, { encoding: "utf8" }).trim();

function loopDevice(volume: string): string {
  const file = join(volume, "disk.img");
  if (!existsSync(file)) {
    writeFileSync(file, "");
    truncateSync(file, 16 * 1024 ** 2);
  }
  const used = /^(\S+):/.exec(run("losetup", "-j", file));
  return used?.[1] ?? run("losetup", "-f", "--show", file);
}

function stage(request: Request): object {
  required(request.staging_target_path, "staging target path");
  const volume = volumeOf(request);
  const { block } = needCapability(request);
  if (block !== undefined) loopDevice(volume);
  // The kubelet has made the directory.
  else if (!isMounted(request.staging_target_path)) run("mount", "--bind", volume, request.staging_target_path);
  return {};
}

function unstage({ volume_id, staging_target_path }: Request): object {
  required(staging_target_path, "staging target path");
  const file = join(volumes, basename(required(volume_id, "volume id")), "disk.img");
  if (existsSync(file)) {
    const used = /^(\S+):/.exec(run("losetup", "-j", file));
    if (used?.[1] !== undefined) run("losetup", "-d", used[1]);
  }
  if (isMounted(staging_target_path)) run("umount", staging_target_path);
  return {};
}

function publish(request: Request): object {
  const target = required(request.target_path, "target path");
  const { block } = needCapability(request);
  if (isMounted(target)) return {};
  const isInline = request.volume_context["csi.storage.k8s.io/ephemeral"] === "true";
  if (block !== undefined) {
    writeFileSync(target, "");
    run("mount", "--bind", loopDevice(volumeOf(request)), target);
    return {};
  }
  // As the specification has it: its parent is there, the target is the driver's to make.
  mkdirSync(target);
  if (isInline) {
    run("mount", "-t", "tmpfs", "-o", "size=1m", "inline", target);
    writeFileSync(join(target, "context.json"), JSON.stringify(request.volume_context));
  } else {
    if (usesStaging && !isMounted(required(request.staging_target_path, "staging target path"))) {
      throw new Failure(9, "volume is not staged");
    }
    run("mount", "--bind", usesStaging ? request.staging_target_path : volumeOf(request), target);
  }
  if (request.readonly) run("mount", "-o", "remount,bind,ro", target);
  return {};
}

function unpublish({ target_path }: Request): object {
  const target = required(target_path, "target path");
  if (isMounted(target)) run("umount", target);
  // What the driver has made for a mount is a directory, and for a device a file; either is empty.
  if (existsSync(target) && statSync(target).isDirectory()) rmdirSync(target);
  else rmSync(target, { force: true });
  return {};
}

function stats({ volume_id, volume_path }: Request): object {
  required(volume_id, "volume id");
  if (!existsSync(required(volume_path, "volume path"))) throw new Failure(NOT_FOUND, "volume path not found");
  const { bsize, blocks, bavail, bfree, files, ffree } = statfsSync(volume_path);
  const isAbnormal = existsSync(join(data, "abnormal"));
  return {
    usage: [
      { unit: 1, total: blocks * bsize, available: bavail * bsize, used: (blocks - bfree) * bsize },
      { unit: 2, total: files, available: ffree, used: files - ffree },
    ],
    volume_condition: { abnormal: isAbnormal, message: isAbnormal ? "the disk hums" : "" },
  };
}

interface Method {
  readonly request: string;
  readonly response: string;
  readonly answer: (request: Request) => object;
}

const IDENTITY: Readonly<Record<string, Method>> = {
  GetPluginInfo: {
    request: "Empty",
    response: "PluginInfo",
    answer: () => ({ name, vendor_version: "1.2.3", manifest: { made: "for tests" } }),
  },
};

const NODE: Readonly<Record<string, Method>> = {
  NodeGetInfo: {
    request: "Empty",
    response: "NodeInfo",
    answer: () => ({
      node_id: `${name}-node`,
      max_volumes_per_node: Number(options.get("maxVolumes") ?? 0),
      accessible_topology: { segments: { "topology.example.com/rack": "r1" } },
    }),
  },
  NodeGetCapabilities: {
    request: "Empty",
    response: "NodeCapabilities",
    answer: () => ({ capabilities: capabilities.map((type) => ({ rpc: { type } })) }),
  },
  NodeStageVolume: { request: "Stage", response: "Empty", answer: stage },
  NodeUnstageVolume: { request: "Unstage", response: "Empty", answer: unstage },
  NodePublishVolume: { request: "Publish", response: "Empty", answer: publish },
  NodeUnpublishVolume: { request: "Unpublish", response: "Empty", answer: unpublish },
  NodeGetVolumeStats: { request: "StatsRequest", response: "Stats", answer: stats },
  NodeExpandVolume: {
    request: "ExpandRequest",
    response: "Expanded",
    answer: (request) => ({ capacity_bytes: request.capacity_range?.required_bytes ?? 0 }),
  },
};

const REGISTRATION: Readonly<Record<string, Method>> = {
  GetInfo: {
    request: "Empty",
    response: "Registration",
    answer: () => ({
      type: options.get("type") ?? "CSIPlugin",
      name,
      endpoint: socket,
      supported_versions: versions,
    }),
  },
  NotifyRegistrationStatus: { request: "RegistrationStatus", response: "Empty", answer: () => ({}) },
};

function takeFault(call: string): CsiFault | undefined {
  const path = join(data, "faults.json");
  if (!existsSync(path)) return undefined;
  const faults = JSON.parse(readFileSync(path, "utf8")) as Record<string, CsiFault>;
  const fault = faults[call];
  if (fault?.times === undefined) return fault;
  if (fault.times <= 0) return undefined;
  writeFileSync(path, JSON.stringify({ ...faults, [call]: { ...fault, times: fault.times - 1 } }));
  return fault;
}

function journal(entry: object): void {
  appendFileSync(join(data, "journal.ndjson"), `${JSON.stringify(entry)}\n`);
}

async function handle(call: string, method: Method, request: Request): Promise<object> {
  const fault = takeFault(call);
  journal({ call, request });
  if (fault?.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
  if (fault?.code !== undefined && fault.afterDone !== true) throw new Failure(fault.code, `${call} fails on request`);
  const response = method.answer(request);
  if (fault?.code !== undefined) throw new Failure(fault.code, `${call} fails after it was done`);
  return response;
}

function serviceOf(service: string, methods: Readonly<Record<string, Method>>): ServiceDefinition {
  const definitions = Object.entries(methods).map(([call, { request, response }]) => {
    const [requestType, responseType] = [root.lookupType(request), root.lookupType(response)];
    return [
      call,
      {
        path: `/${service}/${call}`,
        requestStream: false,
        responseStream: false,
        requestSerialize: (value: object) => Buffer.from(requestType.encode(value).finish()),
        requestDeserialize: (bytes: Buffer) =>
          requestType.toObject(requestType.decode(bytes), { defaults: true, longs: Number, oneofs: false }),
        responseSerialize: (value: object) => Buffer.from(responseType.encode(responseType.fromObject(value)).finish()),
        responseDeserialize: (bytes: Buffer) => responseType.decode(bytes),
      },
    ];
  });
  return Object.fromEntries(definitions) as ServiceDefinition;
}

function implementationOf(methods: Readonly<Record<string, Method>>): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.entries(methods).map(([call, method]) => [
      call,
      (unary: ServerUnaryCall<Request, object>, done: sendUnaryData<object>) => {
        handle(call, method, unary.request).then(
          (response) => done(null, response),
          (error: unknown) => {
            const code = error instanceof Failure ? error.code : 13;
            done({ code, details: error instanceof Error ? error.message : String(error) });
          },
        );
      },
    ]),
  );
}

async function serve(
  path: string,
  services: readonly (readonly [string, Readonly<Record<string, Method>>])[],
): Promise<void> {
  // A socket that a driver before this one has left.
  rmSync(path, { force: true });
  const server = new Server();
  for (const [service, methods] of services) server.addService(serviceOf(service, methods), implementationOf(methods));
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    );
  });
}

mkdirSync(dirname(socket), { recursive: true });
await serve(socket, [
  ["csi.v1.Identity", IDENTITY],
  ["csi.v1.Node", NODE],
]);
if (registry !== "") {
  const registration = join(registry, `${name}-reg.sock`);
  await serve(registration, [["pluginregistration.Registration", REGISTRATION]]);
  // As node-driver-registrar does when it is told to end.
  process.on("SIGTERM", () => {
    rmSync(registration, { force: true });
    process.exit(0);
  });
}
console.log("ready");
