import { createMemoryWorld } from "./memory-world.ts";
import { pressureSignalsContract } from "./pressure-signals-contract.ts";

const MiB = 1024 * 1024;

pressureSignalsContract("host", () => createMemoryWorld(96 * MiB));
