import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { AgentView } from "../../agent/agent-view.ts";
import type { EffectiveConfiguration } from "../../core/config/effective-configuration.ts";
import { createLogContents } from "../../host/files/create-log-contents.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { MachineInfo } from "../../ports/machine.ts";
import { Servers, type ShutDownOptions } from "../../server/index.ts";
import { agentSocketPath } from "../agent-socket.ts";
import { ownVersion } from "../version.ts";

export interface ServedParts {
  readonly view: AgentView;
  readonly configuration: EffectiveConfiguration;
  readonly rootDir: string;
  readonly machine: MachineInfo;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the agent. */
  readonly shutDown: (options: ShutDownOptions) => void;
}

/** Starts every server that the configuration wants. */
export async function startServers(parts: ServedParts): Promise<Servers> {
  const { view, configuration, rootDir, machine, clock, log, shutDown } = parts;
  const { kubelet } = configuration;
  const socketPath = agentSocketPath(rootDir);
  mkdirSync(dirname(socketPath), { recursive: true, mode: 0o750 });
  const servers = new Servers(
    { agent: view, clock, log, contents: createLogContents(), machine },
    {
      socketPath,
      healthz: { host: kubelet.healthzBindAddress, port: kubelet.healthzPort },
      readOnly: { host: kubelet.address, port: kubelet.readOnlyPort },
      agentVersion: ownVersion(),
      shutDown,
    },
  );
  await servers.start();
  return servers;
}
