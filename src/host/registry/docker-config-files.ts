import { join } from "node:path";
import type { DockerConfigForm } from "../../core/images/docker-config.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { DockerConfigFile, DockerConfigFiles } from "../../ports/registry-credentials.ts";
import { readFirstBytes } from "../files/read-bounded.ts";

export interface DockerConfigPlaces {
  readonly rootDir: string;
  readonly workingDir: string;
  /** "": the process has none. */
  readonly homeDir: string;
}

const MAX_BYTES = 1024 * 1024;

/**
 * Docker's credential files in the places and the order in which the kubelet looks for them. Source: kubelet
 * credentialprovider/config.go ReadDockerConfigFile.
 */
export function createDockerConfigFiles(places: DockerConfigPlaces, log: Log): DockerConfigFiles {
  const candidates = dockerConfigCandidates(places);
  return {
    async read() {
      const files: DockerConfigFile[] = [];
      for (const { path, form } of candidates) {
        try {
          const bytes = await readFirstBytes(path, MAX_BYTES);
          if (bytes !== undefined) files.push({ path, form, text: bytes.toString("utf8") });
        } catch (error) {
          log.warn("registry credentials not read", { path, error: errorMessage(error) });
        }
      }
      return files;
    },
  };
}

export function dockerConfigCandidates({
  rootDir,
  workingDir,
  homeDir,
}: DockerConfigPlaces): readonly { readonly path: string; readonly form: DockerConfigForm }[] {
  const homes = homeDir === "" ? [] : [homeDir];
  const dockerDirs = [...homes, "/"].map((directory) => join(directory, ".docker"));
  const plainDirs = [rootDir, workingDir, ...homes, "/"];
  const all = [
    ...[rootDir, workingDir, ...dockerDirs].map((directory) => ({ directory, name: "config.json" })),
    ...plainDirs.map((directory) => ({ directory, name: ".dockercfg" })),
    ...plainDirs.map((directory) => ({ directory, name: ".dockerconfigjson" })),
  ];
  const paths = new Set(all.map(({ directory, name }) => join(directory, name)));
  return [...paths].map((path) => ({ path, form: path.endsWith("/.dockercfg") ? ".dockercfg" : "config.json" }));
}
