import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { buildBusyboxImage } from "./busybox-image.ts";

export interface Containerd {
  /** Runs ctr against this containerd and resolves with its trimmed standard output. */
  readonly ctr: (...args: string[]) => Promise<string>;
  /** The name of an image of busybox that is already imported. */
  readonly image: string;
  readonly stop: () => Promise<void>;
}

const image = "docker.io/library/busybox:vm";

/** Starts a containerd of its own in a new folder; rejects with its log when it does not answer within 60 s. */
export async function startContainerd(): Promise<Containerd> {
  const folder = mkdtempSync(join(tmpdir(), "containerd-"));
  const socket = join(folder, "containerd.sock");
  const config = join(folder, "config.toml");
  const roots = [`root = "${folder}/root"`, `state = "${folder}/state"`];
  writeFileSync(config, ["version = 2", ...roots, "[grpc]", `address = "${socket}"`].join("\n"));
  const log = openSync(join(folder, "log"), "w");
  const daemon = spawn("containerd", ["--config", config], { stdio: ["ignore", log, log] });
  closeSync(log);

  const ctr = async (...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)("ctr", ["--address", socket, ...args]);
    return stdout.trim();
  };
  const deadline = performance.now() + 60_000;
  while (!(await answers(socket))) {
    if (daemon.exitCode !== null || performance.now() > deadline) {
      throw new Error(`containerd does not answer:\n${readFileSync(join(folder, "log"), "utf8")}`);
    }
    await sleep(50);
  }
  await ctr("images", "import", buildBusyboxImage(mkdtempSync(join(folder, "image-")), image));
  const stop = async (): Promise<void> => {
    daemon.kill("SIGTERM");
    if (daemon.exitCode === null) await once(daemon, "exit");
  };
  return { ctr, image, stop };
}

async function answers(socket: string): Promise<boolean> {
  const connection = connect(socket);
  try {
    await once(connection, "connect");
    return true;
  } catch {
    return false;
  } finally {
    connection.destroy();
  }
}
