import type { ContainerConfig, PodSandboxConfig } from "../../src/core/cri/types.ts";
import type { ImageService, RuntimeEventSource, RuntimeService } from "../../src/ports/runtime.ts";

/** A runtime to be held to the contract, and what the suite must know of the world that it runs in. */
export interface RuntimeUnderTest {
  readonly runtime: RuntimeService;
  readonly images: ImageService;
  readonly events: RuntimeEventSource;
  /** An image that is present, with a tag. */
  readonly image: string;
  readonly commands: RuntimeCommands;
  /** Directory for container logs; no need to exist. */
  readonly logDirectory: string;
  readonly cgroupParent: string;
  /** Lets `ms` pass: a virtual clock is moved, a real one waited for. */
  pass(ms: number): Promise<void>;
  readText(path: string): Promise<string>;
  moveFile(from: string, to: string): Promise<void>;
  close(): Promise<void>;
}

/** Command lines that the image understands. */
export interface RuntimeCommands {
  /** Runs until SIGTERM, then ends with this code at once. */
  readonly untilTerm: { readonly argv: readonly string[]; readonly exitCode: number };
  /** Runs for good and does not care about SIGTERM. */
  readonly ignoreTerm: readonly string[];
  readonly exitWith: (code: number) => readonly string[];
  /** One line on each stream, then `exitCode`. */
  readonly print: (stdout: string, stderr: string, exitCode: number) => readonly string[];
  /** Prints `line` again and again, several times a second. */
  readonly repeat: (line: string) => readonly string[];
  /** Takes an hour. */
  readonly sleep: readonly string[];
}

let counter = 0;

/** A pod of its own for each test. */
export function sandboxConfig(
  subject: Pick<RuntimeUnderTest, "logDirectory" | "cgroupParent">,
  more: Partial<PodSandboxConfig> = {},
): PodSandboxConfig {
  const name = `pod-${++counter}`;
  return {
    metadata: { name, uid: `uid-${counter}`, namespace: "contract", attempt: 0 },
    hostname: name,
    logDirectory: `${subject.logDirectory}/${name}`,
    labels: { app: name, suite: "contract" },
    annotations: { "example.org/note": "kept as written" },
    linux: {
      cgroupParent: `${subject.cgroupParent}/${name}`,
      securityContext: { namespaceOptions: { network: "POD", pid: "CONTAINER", ipc: "POD" } },
    },
    ...more,
  };
}

export function containerConfig(
  subject: Pick<RuntimeUnderTest, "image">,
  command: readonly string[],
  more: Partial<ContainerConfig> = {},
): ContainerConfig {
  const name = more.metadata?.name ?? "main";
  const attempt = more.metadata?.attempt ?? 0;
  return {
    metadata: { name, attempt },
    image: { image: subject.image },
    command,
    logPath: `${name}/${attempt}.log`,
    labels: { container: name },
    annotations: { "example.org/attempt": String(attempt) },
    ...more,
  };
}

/** `promise`, with time passing until it settles. */
export async function settled<T>(subject: RuntimeUnderTest, promise: Promise<T>): Promise<T> {
  let pending = true;
  const watched = promise.finally(() => {
    pending = false;
  });
  watched.catch(() => {});
  while (pending) await subject.pass(20);
  return watched;
}

/** The first value that `observe` gives and `accept` likes; fails after ten seconds of the subject's time. */
export async function eventually<T>(
  subject: RuntimeUnderTest,
  observe: () => Promise<T> | T,
  accept: (value: T) => boolean,
): Promise<T> {
  let last: T | undefined;
  for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 20) {
    const value = await observe();
    if (accept(value)) return value;
    last = value;
    await subject.pass(20);
  }
  throw new Error(`not within ten seconds; last seen: ${JSON.stringify(last)}`);
}

export interface StartedPod {
  readonly config: PodSandboxConfig;
  readonly sandboxId: string;
  /** Creates and starts a container. */
  readonly start: (command: readonly string[], more?: Partial<ContainerConfig>) => Promise<string>;
  readonly create: (command: readonly string[], more?: Partial<ContainerConfig>) => Promise<string>;
}

/** Runs a sandbox for `use` and takes it away afterwards, whatever happens. */
export async function withPod(
  subject: RuntimeUnderTest,
  use: (pod: StartedPod) => Promise<void>,
  more: Partial<PodSandboxConfig> = {},
): Promise<void> {
  const { runtime } = subject;
  const config = sandboxConfig(subject, more);
  const sandboxId = await settled(subject, runtime.runPodSandbox(config, ""));
  const create: StartedPod["create"] = (command, containerMore) =>
    settled(subject, runtime.createContainer(sandboxId, containerConfig(subject, command, containerMore), config));
  const start: StartedPod["start"] = async (command, containerMore) => {
    const id = await create(command, containerMore);
    await settled(subject, runtime.startContainer(id));
    return id;
  };
  try {
    await use({ config, sandboxId, start, create });
  } finally {
    await settled(subject, runtime.stopPodSandbox(sandboxId));
    await settled(subject, runtime.removePodSandbox(sandboxId));
  }
}

export function untilExited(subject: RuntimeUnderTest, id: string) {
  return eventually(
    subject,
    () => subject.runtime.containerStatus(id),
    (status) => status?.state === "CONTAINER_EXITED",
  );
}

export const UNKNOWN_ID = "0".repeat(64);
