import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { findProgram, missingProgramsMessage, type Program } from "../containerd/programs.ts";
import { isStaticElf } from "./elf.ts";
import { buildOciImage, type OciImage } from "./oci-image.ts";
import type { TarEntry } from "./tar-archive.ts";

/** A program that an image is made of is not there, or not of the kind that runs without libraries. */
export class ImageSourceMissing extends Error {
  override readonly name = "ImageSourceMissing";
}

const REPOSITORY = "localhost/tskubelet";

export function pauseImageName(version: string): string {
  return `${REPOSITORY}/pause:${version}`;
}

export function busyboxImageName(version: string): string {
  return `${REPOSITORY}/busybox:${version}`;
}

/** The sandbox image: Debian's catatonit, which waits, reaps orphans and ends at SIGTERM. */
export async function buildPauseImage(version: string): Promise<OciImage> {
  const content = await readStaticProgram({ name: "catatonit", debianPackage: "catatonit" });
  return buildOciImage(pauseImageName(version), [{ path: "catatonit", kind: "file", mode: 0o755, content }], {
    entrypoint: ["/catatonit", "-P"],
    workingDir: "/",
  });
}

/** A small userland for examples and tests: Debian's busybox-static with its applets, users and temporary directory. */
export async function buildBusyboxImage(version: string): Promise<OciImage> {
  const program: Program = { name: "busybox", debianPackage: "busybox-static" };
  const content = await readStaticProgram(program);
  const { stdout } = await promisify(execFile)(findProgram(program.name) ?? program.name, ["--list-full"]);
  return buildOciImage(busyboxImageName(version), busyboxLayer(content, stdout.split("\n")), {
    command: ["sh"],
    workingDir: "/",
  });
}

/** `applets` as `busybox --list-full` prints them, `bin/ls` for example; blank lines are passed over. */
export function busyboxLayer(busybox: Uint8Array, applets: readonly string[]): readonly TarEntry[] {
  const links = [...new Set([...applets.map((applet) => applet.trim()), "bin/sh", "usr/bin/env"])]
    .filter((path) => path !== "" && path !== "bin/busybox")
    .sort();
  const directories = [
    "bin",
    "dev",
    "etc",
    "home",
    "proc",
    "sys",
    "usr",
    "usr/bin",
    "usr/sbin",
    "sbin",
    "var",
    "var/tmp",
  ];
  const parents = links.flatMap((path) =>
    path
      .split("/")
      .slice(0, -1)
      .map((_, index, all) => all.slice(0, index + 1).join("/")),
  );
  const all = [...new Set([...directories, ...parents])].sort();
  const text = (path: string, lines: readonly string[]): TarEntry => ({
    path,
    kind: "file",
    mode: 0o644,
    content: new TextEncoder().encode(`${lines.join("\n")}\n`),
  });
  return [
    ...all.map((path): TarEntry => ({ path, kind: "directory", mode: path === "var/tmp" ? 0o1777 : 0o755 })),
    { path: "tmp", kind: "directory", mode: 0o1777 },
    { path: "root", kind: "directory", mode: 0o700 },
    { path: "home/user", kind: "directory", mode: 0o755, uid: 1000, gid: 1000 },
    text("etc/passwd", [
      "root:x:0:0:root:/root:/bin/sh",
      "user:x:1000:1000:user:/home/user:/bin/sh",
      "nobody:x:65534:65534:nobody:/:/bin/false",
    ]),
    text("etc/group", ["root:x:0:", "user:x:1000:", "nogroup:x:65534:"]),
    { path: "bin/busybox", kind: "file", mode: 0o755, content: busybox },
    ...links.map((path): TarEntry => ({ path, kind: "symlink", mode: 0o777, target: "/bin/busybox" })),
  ];
}

async function readStaticProgram(program: Program): Promise<Uint8Array> {
  const path = findProgram(program.name);
  if (path === undefined) throw new ImageSourceMissing(missingProgramsMessage([program]));
  const content = await readFile(path);
  if (!isStaticElf(content)) {
    throw new ImageSourceMissing(`${path} needs shared libraries; ${missingProgramsMessage([program])}`);
  }
  return content;
}
