import "./require-guest.ts";
import { kernelLogContract } from "../../contract/kernel-log-contract.ts";
import { createMemoryWorld } from "../../contract/memory-world.ts";
import { createOomWorld } from "../../contract/oom-world.ts";
import { pressureSignalsContract } from "../../contract/pressure-signals-contract.ts";

pressureSignalsContract("host on cgroup v2", () => createMemoryWorld(96 * 1024 * 1024));
kernelLogContract("host on cgroup v2", createOomWorld);
