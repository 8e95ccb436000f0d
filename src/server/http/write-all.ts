import { once } from "node:events";
import type { ServerResponse } from "node:http";

/** Writes as fast as the client takes it. `false`: the client is gone. */
export async function writeAll(
  response: ServerResponse,
  bytes: Uint8Array | string,
  signal: AbortSignal,
): Promise<boolean> {
  if (signal.aborted) return false;
  if (response.write(bytes)) return true;
  try {
    await once(response, "drain", { signal });
    return true;
  } catch {
    return false;
  }
}
