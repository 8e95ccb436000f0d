import { constants } from "node:fs";
import { chmod, mkdir, open, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { HostError } from "../../ports/errors.ts";
import type { PodFiles } from "../../ports/pod-files.ts";
import { createMounts, type Mounts } from "../mounts/mounts.ts";
import { writeAtomicPayload } from "./atomic-payload.ts";
import { asHostError, isErrno, toHostError } from "./errno.ts";
import { checkHostPath } from "./host-path-check.ts";
import { bindSubPath, createMemoryVolumes, makeVolumeDirectory, setUpEmptyDir } from "./pod-volumes.ts";
import { readFirstBytes, readLastBytes } from "./read-bounded.ts";
import { removeTree } from "./remove-tree.ts";
import { resolveSubPath } from "./sub-path.ts";
import { listVolumeDirectories, removeVolumeDirectory, setGroupBelow } from "./volume-directories.ts";

const directoryMode = 0o750;
const largestHostFile = 1024 * 1024;
/** Termination logs of attempts that no container record can point to any more. */
const keptTerminationLogs = 16;

export interface PodFilesOptions {
  /** Pods live in `<rootDir>/pods/<uid>`, laid out as by the kubelet (kubelet_getters.go). */
  readonly rootDir: string;
  readonly mounts?: Mounts;
}

/** The PodFiles of this machine. Makes `<rootDir>/pods` where it is missing. */
export async function createPodFiles(options: PodFilesOptions): Promise<PodFiles> {
  const mounts = options.mounts ?? createMounts();
  await asHostError(options.rootDir, mkdir(`${options.rootDir}/pods`, { recursive: true, mode: directoryMode }));
  // The kernel lists mounts by their real paths.
  const pods = `${await realpath(options.rootDir)}/pods`;
  const podDirectory = (uid: string): string => `${pods}/${fileName(uid, pods)}`;
  const volumeDirectory = (uid: string, kind: string, name: string): string =>
    `${podDirectory(uid)}/volumes/${fileName(kind, pods)}/${fileName(name, pods)}`;
  const setUpInMemory = createMemoryVolumes(mounts);

  return {
    async listPods() {
      const entries = await asHostError(pods, readdir(pods, { withFileTypes: true }));
      return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    },

    async preparePod(uid, logDirectory) {
      const pod = podDirectory(uid);
      const made = ["volumes", "plugins"].map((name) =>
        mkdir(`${pod}/${name}`, { recursive: true, mode: directoryMode }),
      );
      await asHostError(pod, Promise.all([...made, mkdir(logDirectory, { recursive: true, mode: 0o755 })]));
    },

    async removePod(uid) {
      const pod = podDirectory(uid);
      try {
        if (!(await mounts.unmountBelow(pod))) return false;
        await removeTree(pod);
        return true;
      } catch (error) {
        const problem = toHostError(error, pod, "cannot remove the pod's directory");
        if (problem.code === "Busy") return false;
        throw problem;
      }
    },

    async listVolumes(uid) {
      const pod = podDirectory(uid);
      return asHostError(pod, listVolumeDirectories(pod));
    },

    async removeVolume(uid, name, place) {
      const pod = podDirectory(uid);
      for (const each of [name, ...(place === undefined ? [] : [place.kind, place.name])]) fileName(each, pod);
      try {
        return await removeVolumeDirectory(mounts, pod, name, place);
      } catch (error) {
        const problem = toHostError(error, pod, "cannot remove the volume");
        if (problem.code === "Busy") return false;
        throw problem;
      }
    },

    setGroup: (path, ownership) => asHostError(path, setGroupBelow(path, ownership)),

    async emptyDir(uid, volume, emptyDirOptions) {
      const directory = volumeDirectory(uid, "kubernetes.io~empty-dir", volume);
      await asHostError(directory, setUpEmptyDir(mounts, directory, emptyDirOptions));
      return directory;
    },

    async writePayload(uid, volume, files) {
      const directory = volumeDirectory(uid, volume.kind, volume.name);
      await asHostError(directory, volume.inMemory ? setUpInMemory(directory) : makeVolumeDirectory(directory));
      await asHostError(directory, writeAtomicPayload(directory, files, volume.groupId));
      return directory;
    },

    async hostPath(path, type) {
      await checkHostPath(path, type);
      return path;
    },

    async subPath(volumePath, subPath, holder) {
      if (holder !== undefined) {
        const { uid, volume, container, index } = holder;
        const place = [volume, container, String(index)].map((name) => fileName(name, pods)).join("/");
        const target = `${podDirectory(uid)}/volume-subpaths/${place}`;
        return asHostError(target, bindSubPath(mounts, volumePath, subPath, target));
      }
      const resolved = await resolveSubPath(volumePath, subPath);
      await resolved.handle.close();
      return resolved.path;
    },

    async writeHostsFile(uid, content) {
      const path = `${podDirectory(uid)}/etc-hosts`;
      const current = await readFirstBytes(path, largestHostFile);
      // Written in place: running containers have this very file mounted.
      if (current?.toString("utf8") !== content) await asHostError(path, writeFile(path, content, { mode: 0o644 }));
      return path;
    },

    async hostFile(path) {
      return (await readFirstBytes(path, largestHostFile))?.toString("utf8");
    },

    async createTerminationLog(uid, container, attempt) {
      const directory = `${podDirectory(uid)}/containers/${fileName(container, pods)}`;
      const path = `${directory}/${attemptName(attempt)}`;
      await asHostError(path, createFresh(directory, path));
      if (attempt >= keptTerminationLogs) {
        await rm(`${directory}/${attemptName(attempt - keptTerminationLogs)}`, { force: true });
      }
      return path;
    },

    async readTail(path, maxBytes) {
      return (await readLastBytes(path, maxBytes))?.toString("utf8") ?? "";
    },
  };
}

function attemptName(attempt: number): string {
  return attempt.toString(16).padStart(8, "0");
}

/** A file of its own even where one is left: an earlier container may still have that one mounted. */
async function createFresh(directory: string, path: string): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  try {
    await (await open(path, flags)).close();
  } catch (error) {
    if (isErrno(error, "EEXIST")) await rm(path, { force: true, recursive: true });
    else if (isErrno(error, "ENOENT")) await mkdir(directory, { recursive: true, mode: directoryMode });
    else throw error;
    await (await open(path, flags)).close();
  }
  await chmod(path, 0o666); // a container of any user writes it
}

/** Names come from manifests: one that could leave its directory is refused. */
function fileName(name: string, place: string): string {
  if (name === "" || name === "." || name === ".." || /[/\0]/.test(name)) {
    throw new HostError("Invalid", place, `not usable as a file name: ${JSON.stringify(name)}`);
  }
  return name;
}
