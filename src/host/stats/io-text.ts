import type { IoObservation } from "../../core/stats/observations.ts";

/** cgroup v2 io.stat: "8:0 rbytes=1 wbytes=2 rios=3 wios=4 ...", a line for each device. */
export function parseIoStat(text: string): IoObservation {
  const sum = (name: string): number => {
    const values = text.matchAll(new RegExp(`^\\d+:\\d+ .*\\b${name}=(\\d+)`, "gm"));
    return [...values].reduce((total, [, value]) => total + Number(value), 0);
  };
  return {
    readBytes: sum("rbytes"),
    writeBytes: sum("wbytes"),
    readOperations: sum("rios"),
    writeOperations: sum("wios"),
  };
}

/** cgroup v1 blkio.throttle.io_service_bytes and io_serviced, with "8:0 Read 1" lines. */
export function parseBlkio(bytes: string, operations: string): IoObservation {
  const sum = (text: string, name: string): number => {
    const values = text.matchAll(new RegExp(`^\\d+:\\d+ ${name} (\\d+)$`, "gm"));
    return [...values].reduce((total, [, value]) => total + Number(value), 0);
  };
  return {
    readBytes: sum(bytes, "Read"),
    writeBytes: sum(bytes, "Write"),
    readOperations: sum(operations, "Read"),
    writeOperations: sum(operations, "Write"),
  };
}
