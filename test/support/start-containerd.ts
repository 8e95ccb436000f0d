// An agent for tests that do something to it: starts the containerd of the root directory given and prints its number.
import { join } from "node:path";
import { createSystemClock } from "../../src/host/clock/system-clock.ts";
import { createEmbeddedContainerd } from "../../src/host/containerd/embedded-containerd.ts";
import { pauseImageName } from "../../src/host/images/local-images.ts";
import { silentLog, TEST_VERSION } from "./containerd-node.ts";

const rootDir = process.argv[2];
if (rootDir === undefined) throw new Error("usage: start-containerd.ts ROOT");
const containerd = createEmbeddedContainerd({
  rootDir,
  sandboxImage: pauseImageName(TEST_VERSION),
  cniConfDir: join(rootDir, "cni", "net.d"),
  clock: createSystemClock(),
  log: silentLog,
});
const { pid } = await containerd.start(new AbortController().signal);
console.log(pid);
