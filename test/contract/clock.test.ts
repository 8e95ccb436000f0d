import { setTimeout as wait } from "node:timers/promises";
import { createSystemClock } from "../../src/host/clock/system-clock.ts";
import { clockContract } from "./clock-contract.ts";

clockContract("system", () => ({
  clock: createSystemClock(),
  pass: async (ms) => {
    await wait(ms + 2);
  },
}));
