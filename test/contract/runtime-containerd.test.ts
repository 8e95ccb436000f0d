import { readFile, rename } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { createSystemClock } from "../../src/host/clock/system-clock.ts";
import { createRuntimeEventSource } from "../../src/host/cri/runtime-event-source.ts";
import { startContainerdNode } from "../support/containerd-node.ts";
import { runtimeContract } from "./runtime-contract.ts";
import type { RuntimeCommands } from "./runtime-fixture.ts";

const sh = (script: string) => ["/bin/sh", "-c", script];

const commands: RuntimeCommands = {
  untilTerm: { argv: sh("trap 'exit 42' TERM; while :; do sleep 0.05; done"), exitCode: 42 },
  ignoreTerm: sh("trap '' TERM; while :; do sleep 3600; done"),
  exitWith: (code) => sh(`exit ${code}`),
  print: (stdout, stderr, exitCode) => sh(`echo "${stdout}"; echo "${stderr}" >&2; exit ${exitCode}`),
  repeat: (line) => sh(`while :; do echo "${line}"; sleep 0.05; done`),
  sleep: ["/bin/sleep", "3600"],
};

runtimeContract("containerd", async () => {
  const node = await startContainerdNode("tskcontract0");
  return {
    runtime: node.cri.runtime,
    images: node.cri.images,
    events: createRuntimeEventSource(node.cri, createSystemClock()),
    image: node.busyboxImage,
    commands,
    logDirectory: node.logDir,
    cgroupParent: node.cgroupParent,
    pass: (ms) => delay(ms),
    readText: (path) => readFile(path, "utf8"),
    moveFile: rename,
    close: () => node.close(),
  };
});
