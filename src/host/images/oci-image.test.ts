import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { isStaticElf } from "./elf.ts";
import { busyboxLayer } from "./local-images.ts";
import { buildOciImage, ociArchitecture } from "./oci-image.ts";
import { type TarEntry, tarArchive } from "./tar-archive.ts";

const directory = mkdtempSync(join(tmpdir(), "tskubelet-image-"));
after(() => rmSync(directory, { recursive: true }));

/** Debian's tar says whether ours is one. */
function listWithTar(archive: Uint8Array): readonly string[] {
  const text = execFileSync("tar", ["--list", "--verbose", "--numeric-owner", "--utc", "--full-time"], {
    input: archive,
  });
  return text
    .toString()
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/\s+/g, " "));
}

const file = (path: string, text: string): TarEntry => ({
  path,
  kind: "file",
  mode: 0o644,
  content: new TextEncoder().encode(text),
});

describe("tar archives", () => {
  it("hold files, directories and links with modes and owners, and no time", () => {
    const archive = tarArchive([
      { path: "tmp", kind: "directory", mode: 0o1777 },
      { path: "home/user", kind: "directory", mode: 0o755, uid: 1000, gid: 1001 },
      file("home/user/text", "x".repeat(513)),
      { path: "bin/sh", kind: "symlink", mode: 0o777, target: "/bin/busybox" },
    ]);
    assert.equal(archive.length % 512, 0);
    assert.deepEqual(listWithTar(archive), [
      "drwxrwxrwt 0/0 0 1970-01-01 00:00:00 tmp/",
      "drwxr-xr-x 1000/1001 0 1970-01-01 00:00:00 home/user/",
      "-rw-r--r-- 0/0 513 1970-01-01 00:00:00 home/user/text",
      "lrwxrwxrwx 0/0 0 1970-01-01 00:00:00 bin/sh -> /bin/busybox",
    ]);
  });

  it("take paths of up to 255 bytes and refuse longer ones", () => {
    const path = `${"directory/".repeat(14)}${"f".repeat(100)}`;
    assert.deepEqual(
      listWithTar(tarArchive([file(path, "")])).map((line) => line.split(" ").at(-1)),
      [path],
    );
    assert.throws(() => tarArchive([file("f".repeat(101), "")]), RangeError);
  });
});

describe("images", () => {
  const build = (content: string) =>
    buildOciImage("localhost/x:1", [file("a", content)], { entrypoint: ["/a"] }, "amd64");

  it("are the same bytes for the same content, and others for another", () => {
    assert.deepEqual(build("1"), build("1"));
    assert.notEqual(build("1").configDigest, build("2").configDigest);
  });

  it("are layouts whose digests match from the index down to the layer", () => {
    const image = build("1");
    execFileSync("tar", ["--extract", "--directory", directory], { input: image.archive });
    const blob = (digest: string) => {
      const bytes = readFileSync(join(directory, "blobs", "sha256", digest.replace("sha256:", "")));
      assert.equal(`sha256:${createHash("sha256").update(bytes).digest("hex")}`, digest);
      return bytes;
    };
    const index = JSON.parse(readFileSync(join(directory, "index.json"), "utf8"));
    assert.equal(index.manifests[0].annotations["io.containerd.image.name"], "localhost/x:1");
    assert.equal(index.manifests[0].digest, image.manifestDigest);
    const manifest = JSON.parse(blob(image.manifestDigest).toString());
    assert.equal(manifest.config.digest, image.configDigest);
    const config = JSON.parse(blob(image.configDigest).toString());
    assert.deepEqual(config.rootfs.diff_ids, [manifest.layers[0].digest]);
    assert.deepEqual(config.config.Entrypoint, ["/a"]);
    assert.deepEqual(listWithTar(blob(manifest.layers[0].digest)).length, 1);
  });

  it("are named for the machine as OCI names it", () => {
    assert.deepEqual([ociArchitecture("x64"), ociArchitecture("arm64")], ["amd64", "arm64"]);
  });

  it("of busybox have every applet as a link below directories of its own, and a shell", () => {
    const entries = busyboxLayer(new Uint8Array(1), ["usr/local/odd/tool", "bin/ls", "bin/busybox", ""]);
    const find = (path: string) => entries.find((entry) => entry.path === path);
    assert.equal(find("usr/local/odd/tool")?.target, "/bin/busybox");
    assert.equal(find("bin/sh")?.kind, "symlink");
    assert.equal(find("bin/busybox")?.kind, "file");
    assert.equal(find("tmp")?.mode, 0o1777);
    const paths = entries.map((entry) => entry.path);
    assert.equal(new Set(paths).size, paths.length);
    assert.ok(paths.indexOf("usr/local") < paths.indexOf("usr/local/odd"));
    assert.ok(paths.indexOf("usr/local/odd") < paths.indexOf("usr/local/odd/tool"));
  });
});

describe("static programs", () => {
  it("are told from those that need a loader, and from what is no program", () => {
    assert.equal(isStaticElf(readFileSync(process.execPath)), false);
    assert.equal(isStaticElf(new TextEncoder().encode("#!/bin/sh\n".padEnd(100))), false);
    const header = Buffer.alloc(64 + 56);
    header.write("\x7fELF\x02\x01", "latin1");
    header.writeBigUInt64LE(64n, 32);
    header.writeUInt16LE(56, 54);
    header.writeUInt16LE(1, 56);
    header.writeUInt32LE(1, 64);
    assert.equal(isStaticElf(header), true);
    header.writeUInt32LE(3, 64);
    assert.equal(isStaticElf(header), false);
  });
});
