/** What the node itself has to show to registries. */
import type { DockerConfigForm } from "../core/images/docker-config.ts";

export interface DockerConfigFile {
  readonly path: string;
  readonly form: DockerConfigForm;
  readonly text: string;
}

export interface DockerConfigFiles {
  /** Docker's credential files of this node as they are now, the one that counts first. Never rejects. */
  read(): Promise<readonly DockerConfigFile[]>;
}

export interface CredentialProgramCall {
  /** Name of the program in the directory of the plugins. */
  readonly name: string;
  readonly args: readonly string[];
  /** Set beside the agent's own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** For its standard input. */
  readonly input: string;
  readonly timeoutMs: number;
}

export interface CredentialPrograms {
  /**
   * Runs a credential provider plugin to its end; `error` where it could not be run, failed, wrote too much or took too
   * long (it is killed then). Rejects only when `signal` is aborted.
   */
  run(
    call: CredentialProgramCall,
    signal: AbortSignal,
  ): Promise<{ readonly stdout: string } | { readonly error: string }>;
}
