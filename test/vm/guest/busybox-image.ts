import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const applets = ["cat", "echo", "sh", "sleep", "true"];

/** Writes an image archive (docker-archive layout) of Debian's static busybox into the folder and returns its path. */
export function buildBusyboxImage(folder: string, name: string): string {
  const root = join(folder, "root");
  const image = join(folder, "image");
  mkdirSync(join(root, "bin"), { recursive: true });
  mkdirSync(image);
  copyFileSync("/bin/busybox", join(root, "bin/busybox"));
  for (const applet of applets) symlinkSync("busybox", join(root, "bin", applet));
  pack(root, join(image, "layer.tar"));
  const layer = createHash("sha256")
    .update(readFileSync(join(image, "layer.tar")))
    .digest("hex");
  const config = {
    architecture: "amd64",
    os: "linux",
    config: { Env: ["PATH=/bin"], Cmd: ["sh"] },
    rootfs: { type: "layers", diff_ids: [`sha256:${layer}`] },
  };
  writeFileSync(join(image, "config.json"), JSON.stringify(config));
  const manifest = [{ Config: "config.json", RepoTags: [name], Layers: ["layer.tar"] }];
  writeFileSync(join(image, "manifest.json"), JSON.stringify(manifest));
  const archive = join(folder, "image.tar");
  pack(image, archive);
  return archive;
}

function pack(folder: string, archive: string): void {
  execFileSync("tar", ["--owner=0", "--group=0", "-cf", archive, "-C", folder, "."]);
}
