import type { ProbeOutcome, TcpProbe } from "../../core/probe/index.ts";
import { DialFailure, dial } from "./dial.ts";

/** A connection that is accepted is a success; nothing is sent. Source: kubernetes pkg/probe/tcp/tcp.go. */
export async function probeTcp({ host, port, timeoutMs }: TcpProbe, signal: AbortSignal): Promise<ProbeOutcome> {
  try {
    const socket = await dial(host, port, timeoutMs, signal);
    socket.on("error", () => {});
    socket.destroy();
    return { result: "Success", output: "" };
  } catch (error) {
    if (error instanceof DialFailure) return { result: "Failure", output: error.message };
    throw error;
  }
}
