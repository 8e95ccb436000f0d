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
