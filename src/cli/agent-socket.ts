import { createHash } from "node:crypto";
import { join, resolve } from "node:path";

/** sun_path holds 108 bytes with the zero at its end. */
const MAX_SOCKET_PATH = 107;

/** Socket of the agent that works in `rootDir`; under /run where the path below the root would be too long. */
export function agentSocketPath(rootDir: string): string {
  const path = join(resolve(rootDir), "tskubelet.sock");
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return path;
  const name = createHash("sha256").update(path).digest("hex").slice(0, 12);
  return `/run/tskubelet/agent-${name}.sock`;
}
