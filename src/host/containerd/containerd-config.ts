/** What containerd is told; every path is absolute. */
export interface ContainerdSettings {
  readonly root: string;
  readonly state: string;
  readonly socket: string;
  /** Image of the sandbox container; must be present, nobody pulls it. */
  readonly sandboxImage: string;
  readonly cniBinDir: string;
  readonly cniConfDir: string;
  readonly runcPath: string;
  readonly snapshotter: "overlayfs" | "native";
  readonly systemdCgroup: boolean;
  /** Without CAP_SYS_RESOURCE a score below the own one is refused: let containerd clamp instead of fail. */
  readonly restrictOomScoreAdj: boolean;
  readonly maxConcurrentDownloads: number;
  /** Directory of `HOST/hosts.toml` files for registries. */
  readonly registryConfigDir: string;
  readonly logLevel: "debug" | "info" | "warn" | "error";
}

/** Plugins that CRI does not need; each costs start-up time or memory, or logs an error on every start. */
const DISABLED_PLUGINS = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.internal.v1.restart",
  "io.containerd.internal.v1.opt",
  "io.containerd.internal.v1.tracing",
  "io.containerd.tracing.processor.v1.otlp",
];

const CRI = 'plugins."io.containerd.grpc.v1.cri"';

/** containerd's config.toml, version 2: understood by 1.4 and later, and migrated by 2.x itself. */
export function renderContainerdConfig(settings: ContainerdSettings): string {
  const unusedSnapshotter = settings.snapshotter === "native" ? "overlayfs" : "native";
  return toml([
    [
      "",
      {
        version: 2,
        root: settings.root,
        state: settings.state,
        oom_score: 0,
        disabled_plugins: [...DISABLED_PLUGINS, `io.containerd.snapshotter.v1.${unusedSnapshotter}`],
      },
    ],
    ["grpc", { address: settings.socket, max_recv_message_size: 16_777_216, max_send_message_size: 16_777_216 }],
    ["debug", { level: settings.logLevel }],
    [
      CRI,
      {
        sandbox_image: settings.sandboxImage,
        restrict_oom_score_adj: settings.restrictOomScoreAdj,
        max_concurrent_downloads: settings.maxConcurrentDownloads,
        stream_server_address: "127.0.0.1",
        stream_server_port: "0",
        disable_tcp_service: true,
        // As every other runtime's default: a container may bind port 80 and ping without capabilities.
        enable_unprivileged_ports: true,
        enable_unprivileged_icmp: true,
        // Limits of huge pages are set where the kernel has the controller.
        tolerate_missing_hugetlb_controller: true,
        disable_hugetlb_controller: false,
      },
    ],
    [`${CRI}.containerd`, { snapshotter: settings.snapshotter, default_runtime_name: "runc" }],
    [`${CRI}.containerd.runtimes.runc`, { runtime_type: "io.containerd.runc.v2" }],
    [
      `${CRI}.containerd.runtimes.runc.options`,
      { BinaryName: settings.runcPath, SystemdCgroup: settings.systemdCgroup },
    ],
    [`${CRI}.cni`, { bin_dir: settings.cniBinDir, conf_dir: settings.cniConfDir, max_conf_num: 1 }],
    [`${CRI}.registry`, { config_path: settings.registryConfigDir }],
  ]);
}

type TomlValue = string | number | boolean | readonly string[];

function toml(tables: readonly (readonly [name: string, entries: Readonly<Record<string, TomlValue>>])[]): string {
  const blocks = tables.map(([name, entries]) => {
    const lines = Object.entries(entries).map(([key, value]) => `${key} = ${tomlValue(value)}`);
    return name === "" ? lines.join("\n") : `[${name}]\n${lines.join("\n")}`;
  });
  return `${blocks.join("\n\n")}\n`;
}

function tomlValue(value: TomlValue): string {
  // A TOML basic string escapes as JSON does; JSON leaves DEL alone, TOML does not allow it.
  if (typeof value === "string") return JSON.stringify(value).replaceAll("\u007f", "\\u007f");
  if (typeof value === "object") return `[${value.map(tomlValue).join(", ")}]`;
  return String(value);
}
