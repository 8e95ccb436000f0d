import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { MissingPackage } from "./missing-package.ts";

export interface Kernel {
  /** What `uname -r` says in the machine. */
  readonly release: string;
  readonly image: string;
  /** lib/modules/RELEASE with a modules.dep and a modules.alias. */
  readonly modulesDir: string;
}

const metaPackage = "linux-image-amd64";

// The parts of lib/modules that a node without hardware can ask for; the rest is 300 MB of drivers.
const wantedModules = [
  "arch/x86/crypto",
  "crypto",
  "lib",
  "net",
  "fs/9p",
  "fs/autofs",
  "fs/ext4",
  "fs/fscache",
  "fs/fuse",
  "fs/jbd2",
  "fs/mbcache.ko",
  "fs/netfs",
  "fs/overlayfs",
  "drivers/block",
  "drivers/char/virtio_console.ko",
  "drivers/net/dummy.ko",
  "drivers/net/veth.ko",
  "drivers/virtio",
];

/** Debian's kernel package, unpacked (never installed) into the cache folder; the newest one there is used again. */
export async function prepareKernel(cacheDir: string, say: (line: string) => void): Promise<Kernel> {
  mkdirSync(cacheDir, { recursive: true });
  const cached = readdirSync(cacheDir)
    .filter((name) => name.startsWith("kernel-"))
    .sort(new Intl.Collator("en", { numeric: true }).compare)
    .at(-1);
  if (cached !== undefined) return readKernel(join(cacheDir, cached));

  const work = mkdtempSync(join(cacheDir, "unpack-"));
  try {
    say(`fetching Debian's kernel package (${metaPackage}) into ${cacheDir}`);
    const archive = await downloadKernel(work);
    const tree = join(work, "tree");
    mkdirSync(tree);
    await unpack(archive, tree);
    const release = basename(onlyEntry(join(tree, "lib/modules")));
    execFileSync("busybox", ["depmod", "-b", tree, release]);
    extractImage(join(tree, "boot", `vmlinuz-${release}`), join(tree, "boot"));
    const place = join(cacheDir, `kernel-${basename(archive, ".deb").replaceAll(/[^\w.+-]/g, "-")}`);
    if (!existsSync(place)) renameSync(tree, place);
    return readKernel(place);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function readKernel(place: string): Kernel {
  const modulesDir = onlyEntry(join(place, "lib/modules"));
  const release = basename(modulesDir);
  const unpacked = join(place, "boot/vmlinux");
  const image = existsSync(unpacked) ? unpacked : join(place, "boot", `vmlinuz-${release}`);
  return { release, image, modulesDir };
}

function onlyEntry(folder: string): string {
  const [name, ...others] = readdirSync(folder);
  if (name === undefined || others.length > 0) throw new Error(`expected exactly one entry in ${folder}`);
  return join(folder, name);
}

async function downloadKernel(folder: string): Promise<string> {
  const name = kernelPackage() ?? refreshedKernelPackage();
  if (name === undefined) throw new MissingPackage(metaPackage, "no package list knows it; run `apt-get update`");
  execFileSync("apt-get", ["-qq", "-o", "APT::Sandbox::User=root", "download", name], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const archive = readdirSync(folder).find((file) => file.endsWith(".deb"));
  if (archive === undefined) throw new Error(`apt-get download ${name} left no package`);
  return join(folder, archive);
}

function refreshedKernelPackage(): string | undefined {
  if (process.getuid?.() !== 0) return undefined;
  execFileSync("apt-get", ["-qq", "update"], { stdio: ["ignore", "ignore", "inherit"] });
  return kernelPackage();
}

function kernelPackage(): string | undefined {
  const shown = execFileSync("apt-cache", ["depends", "--important", metaPackage], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return /Depends: (linux-image-\d\S*)/.exec(shown)?.[1];
}

async function unpack(archive: string, tree: string): Promise<void> {
  const open = spawn("dpkg-deb", ["--fsys-tarfile", archive], { stdio: ["ignore", "pipe", "inherit"] });
  const patterns = ["./boot/vmlinuz-*", ...wantedModules.map((part) => `./lib/modules/*/kernel/${part}`)];
  const tar = spawn("tar", ["-x", "-C", tree, "--no-same-owner", "--wildcards", ...patterns], {
    stdio: ["pipe", "inherit", "inherit"],
  });
  open.stdout.pipe(tar.stdin);
  const [code] = await once(tar, "close");
  if (code !== 0) throw new Error(`tar could not unpack ${archive} (exit code ${code})`);
}

/** A kernel that is already uncompressed starts seconds sooner under emulation; without its tool, the compressed one serves. */
function extractImage(bzImage: string, folder: string): void {
  const data = readFileSync(bzImage);
  const setupSectors = data[0x1f1] || 4;
  const start = (setupSectors + 1) * 512 + data.readUInt32LE(0x248);
  const payload = data.subarray(start, start + data.readUInt32LE(0x24c));
  const unpacked = decompress(payload);
  if (unpacked !== undefined) writeFileSync(join(folder, "vmlinux"), unpacked);
}

function decompress(payload: Buffer): Buffer | undefined {
  const magic = payload.subarray(0, 4).toString("hex");
  try {
    if (magic === "fd377a58") {
      const options = {
        input: payload,
        maxBuffer: 512 << 20,
        stdio: ["pipe", "pipe", "ignore"] as ["pipe", "pipe", "ignore"],
      };
      return execFileSync("xz", ["-dc", "--single-stream"], options);
    }
    if (magic === "28b52ffd") return zstdDecompressSync(payload);
    if (magic.startsWith("1f8b")) return gunzipSync(payload);
  } catch {
    return undefined;
  }
  return undefined;
}
