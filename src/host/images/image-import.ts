import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Clock } from "../../ports/clock.ts";
import { RuntimeError } from "../../ports/errors.ts";
import type { ImageService } from "../../ports/runtime.ts";
import { findProgram, missingProgramsMessage } from "../containerd/programs.ts";
import type { OciImage } from "./oci-image.ts";

export interface ImportTarget {
  /** containerd's socket. */
  readonly socketPath: string;
  readonly images: ImageService;
  readonly clock: Clock;
}

export interface ImportOptions {
  /** Ask the runtime never to collect it (a label that containerd 1.7 and later honour). */
  readonly pinned?: boolean;
  readonly signal?: AbortSignal;
}

const IMPORT_TIMEOUT_MS = 120_000;
const APPEAR_TIMEOUT_MS = 10_000;

/** Brings the image into containerd unless one with the same config is there under its name; true when it did. */
export async function importImage(
  target: ImportTarget,
  image: OciImage,
  options: ImportOptions = {},
): Promise<boolean> {
  if (await isPresent(target, image)) return false;
  // CRI unpacks it for the first container, with the snapshotter that it is configured for.
  await ctr(target, ["images", "import", "--no-unpack", "-"], image.archive, options.signal);
  if (options.pinned === true) {
    await ctr(target, ["images", "label", image.name, "io.cri-containerd.pinned=pinned"], undefined, options.signal);
  }
  // containerd's CRI learns of new images by its own event stream, a moment later.
  const deadline = target.clock.monotonic() + APPEAR_TIMEOUT_MS;
  while (!(await isPresent(target, image))) {
    if (target.clock.monotonic() > deadline || !(await target.clock.sleep(10, options.signal))) {
      throw new RuntimeError("DeadlineExceeded", "ImportImage", `${image.name} was imported but is not listed`);
    }
  }
  return true;
}

async function isPresent({ images }: ImportTarget, image: OciImage): Promise<boolean> {
  return (await images.imageStatus({ image: image.name }))?.id === image.configDigest;
}

async function ctr(
  { socketPath }: ImportTarget,
  args: readonly string[],
  input: Uint8Array | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const program = findProgram("ctr");
  if (program === undefined) {
    const message = missingProgramsMessage([{ name: "ctr", debianPackage: "containerd" }]);
    throw new RuntimeError("Unavailable", "ImportImage", message);
  }
  const running = promisify(execFile)(program, ["--address", socketPath, "--namespace", "k8s.io", ...args], {
    timeout: IMPORT_TIMEOUT_MS,
    ...(signal !== undefined && { signal }),
  });
  running.child.stdin?.on("error", () => {});
  running.child.stdin?.end(input);
  try {
    await running;
  } catch (error) {
    throw new RuntimeError("Unknown", "ImportImage", failureText(error), { cause: error });
  }
}

function failureText(error: unknown): string {
  const stderr = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
  return stderr !== "" ? stderr : String(error);
}
