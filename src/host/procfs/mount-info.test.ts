import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mountsBelow, parseMountInfo, readMountInfo, readMountsBelow, unescapeOctal } from "./mount-info.ts";

const table = [
  "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard",
  "36 35 98:0 /mnt1 /pods/a/with\\040space rw,noatime master:1 shared:7 - tmpfs none rw,size=4k",
  "37 35 98:1 / /pods/ab rw - tmpfs none rw",
  "38 36 98:2 / /pods/a/with\\040space/inner ro - tmpfs none rw",
  "not a mount line",
  "",
].join("\n");

describe("mountinfo", () => {
  it("reads lines with and without optional fields", () => {
    const [root, mount] = parseMountInfo(table);
    assert.equal(root?.fsType, "ext4");
    assert.deepEqual(mount, {
      id: 36,
      parentId: 35,
      device: "98:0",
      root: "/mnt1",
      mountPoint: "/pods/a/with space",
      options: ["rw", "noatime"],
      fsType: "tmpfs",
      source: "none",
      superOptions: ["rw", "size=4k"],
    });
    assert.equal(parseMountInfo(table).length, 4);
  });

  it("finds what is below a directory, innermost first, and not its namesakes", () => {
    const below = mountsBelow(parseMountInfo(table), "/pods/a").map((mount) => mount.mountPoint);
    assert.deepEqual(below, ["/pods/a/with space/inner", "/pods/a/with space"]);
  });

  it("resolves escapes of single bytes, also within UTF-8", () => {
    assert.equal(unescapeOctal("a\\011b\\134c"), "a\tb\\c");
    assert.equal(unescapeOctal("\\303\\244"), "\u00e4");
    assert.equal(unescapeOctal("\u00e4\\040\\9"), "\u00e4 \\9");
  });

  it("reads the live table", () => {
    assert.ok(readMountInfo().some((mount) => mount.fsType === "proc"));
    assert.ok(readMountsBelow("/").some((mount) => mount.mountPoint === "/proc"));
    assert.deepEqual(readMountsBelow("/proc/self/nothing"), []);
  });
});
