import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packInitramfs } from "./initramfs.ts";
import type { Kernel } from "./kernel.ts";
import { MissingPackage } from "./missing-package.ts";
import { orderModules } from "./module-order.ts";

/** "plain": the command is a child of a shell as process 1; "systemd": a service of systemd. */
export type Init = "plain" | "systemd";

export interface MachineOptions {
  readonly kernel: Kernel;
  readonly init: Init;
  readonly checkout: string;
  /** A shell script, run as root in the checkout. */
  readonly command: string;
  readonly memoryMiB: number;
  readonly timeoutSeconds: number;
  /** Aborted: the machine is switched off at once. */
  readonly signal: AbortSignal;
  readonly onOutput: (chunk: Buffer) => void;
}

export interface Outcome {
  /** The command's; absent when the machine ended before the command did. */
  readonly exitCode: number | undefined;
  /** Switched off from here, for the time limit or by the signal. */
  readonly stopped: boolean;
  /** What kernel, init and qemu itself said. */
  readonly console: string;
}

const emulator = "qemu-system-x86_64";
const systemd = "/lib/systemd/systemd";
const bootModules = ["virtio_pci", "9pnet_virtio", "9p", "overlay", "virtio_console"];
const kernelArguments = [
  "console=ttyS0",
  "quiet",
  "panic=-1",
  "psi=1",
  "cgroup_no_v1=all",
  // No hardware to be wary of: the rest only saves emulated work.
  "mitigations=off",
  "tsc=reliable",
  "random.trust_cpu=on",
  "init_on_alloc=0",
  "rcupdate.rcu_expedited=1",
  "norandmaps",
  "nokaslr",
  "cryptomgr.notests",
  "nowatchdog",
];

/** Boots the machine, runs the command in it, and returns when the machine is off. */
export async function runMachine(options: MachineOptions): Promise<Outcome> {
  if (options.init === "systemd" && !existsSync(systemd)) throw new MissingPackage("systemd", `there is no ${systemd}`);
  const folder = mkdtempSync(join(tmpdir(), "tskubelet-vm-"));
  try {
    const files = {
      initramfs: join(folder, "initramfs"),
      console: join(folder, "console"),
      exit: join(folder, "exit"),
    };
    writeFileSync(files.initramfs, createInitramfs(options));
    const { stopped, complaints } = await runEmulator(emulatorArguments(options, files), options);
    const exitText = existsSync(files.exit) ? readFileSync(files.exit, "utf8").trim() : "";
    const console = existsSync(files.console) ? readFileSync(files.console, "utf8").replaceAll("\r", "") : "";
    return { exitCode: exitText === "" ? undefined : Number(exitText), stopped, console: console + complaints };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function createInitramfs({ kernel, init, checkout, command }: MachineOptions): Buffer {
  const settings = { init, checkout, modules: kernel.modulesDir };
  const settingLines = Object.entries(settings).map(([name, value]) => `${name}=${quoteForShell(value)}\n`);
  const folders = ["bin", "dev", "proc", "sys", "lower", "upper", "root", "vm", "modules"];
  const modules = orderModules(kernel.modulesDir, bootModules).map((file, index) => ({
    kind: "file" as const,
    path: `modules/${String(index).padStart(3, "0")}.ko`,
    data: readFileSync(file),
  }));
  return packInitramfs([
    ...folders.map((path) => ({ kind: "folder" as const, path })),
    { kind: "file", path: "bin/busybox", data: readBusybox(), executable: true },
    { kind: "file", path: "init", data: readFileSync(join(checkout, "test/vm/guest/init.sh")), executable: true },
    { kind: "file", path: "vm/settings", data: Buffer.from(settingLines.join("")) },
    { kind: "file", path: "vm/command", data: Buffer.from(`${command}\n`) },
    ...modules,
  ]);
}

/** The machine's init and tools; throws when a package that brings them is missing. */
function readBusybox(): Buffer {
  const why = "the machine's initramfs needs a statically linked /bin/busybox";
  if (!existsSync("/bin/busybox")) throw new MissingPackage("busybox-static", why);
  const data = readFileSync("/bin/busybox");
  if (data.includes("/ld-linux")) throw new MissingPackage("busybox-static", why);
  return data;
}

export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function emulatorArguments(options: MachineOptions, files: Record<"initramfs" | "console" | "exit", string>): string[] {
  return [
    ["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"],
    [
      "-accel",
      // One thread for both processors: with two, programs that make code while they run (Node.js) crashed now and then.
      "tcg,thread=single,tb-size=512",
      "-cpu",
      "max,-la57,-smap,-smep,-pku",
      "-smp",
      "2",
      "-m",
      String(options.memoryMiB),
    ],
    ["-kernel", options.kernel.image, "-initrd", files.initramfs, "-append", kernelArguments.join(" ")],
    ["-fsdev", "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap"],
    ["-device", "virtio-9p-pci,fsdev=root,mount_tag=host"],
    ["-chardev", `file,id=console,path=${files.console}`, "-serial", "chardev:console"],
    ["-device", "virtio-serial-pci"],
    ["-chardev", "stdio,id=output,signal=off", "-device", "virtserialport,chardev=output,name=output"],
    ["-chardev", `file,id=exit,path=${files.exit}`, "-device", "virtserialport,chardev=exit,name=exit"],
  ].flat();
}

async function runEmulator(
  args: readonly string[],
  { timeoutSeconds, signal, onOutput }: MachineOptions,
): Promise<{ stopped: boolean; complaints: string }> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)]);
  // setpriv becomes the emulator: the machine dies with this process, however that ends.
  // Its standard input stays open and silent: at its end the output port would count as unplugged.
  const emulation = spawn("setpriv", ["--pdeathsig", "KILL", emulator, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  let complaints = "";
  emulation.stdout.on("data", onOutput);
  emulation.stderr.on("data", (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const kill = (): void => {
    emulation.kill("SIGKILL");
  };
  limit.addEventListener("abort", kill);
  const [code] = await once(emulation, "close");
  limit.removeEventListener("abort", kill);
  if (code === 127) throw new MissingPackage("qemu-system-x86", `there is no ${emulator}`);
  return { stopped: limit.aborted, complaints };
}
