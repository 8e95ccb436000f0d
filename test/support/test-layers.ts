/** Layers of images for tests of pulls: a program that waits, and as many bytes as are asked for. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { findProgram } from "../../src/host/containerd/programs.ts";
import { type TarEntry, tarArchive } from "../../src/host/images/tar-archive.ts";
import { type BlobContent, whole } from "./docker-registry.ts";

export const WAIT_COMMAND = ["/catatonit", "-P"];
const MiB = 1024 * 1024;
const END_OF_ARCHIVE = 1024;

/** `name` makes the layer another one than all others. */
export function smallLayer(name: string): BlobContent {
  return whole(tarArchive([...programEntries(), file("name", Buffer.from(name))]));
}

/** Of that many MiB that cannot be compressed, made while they are read. */
export function largeLayer(mebibytes: number): BlobContent {
  const program = tarArchive(programEntries());
  const content = randomBytes(MiB);
  function* parts() {
    yield program.subarray(0, -END_OF_ARCHIVE);
    for (let index = 0; index < mebibytes; index += 1) {
      yield tarArchive([file(`data-${index}`, content)]).subarray(0, -END_OF_ARCHIVE);
    }
    yield new Uint8Array(END_OF_ARCHIVE);
  }
  let sizeBytes = 0;
  for (const part of parts()) sizeBytes += part.length;
  return { sizeBytes, parts };
}

function programEntries(): readonly TarEntry[] {
  const content = readFileSync(findProgram("catatonit") ?? "catatonit");
  return [{ path: "catatonit", kind: "file", mode: 0o755, content }];
}

function file(path: string, content: Uint8Array): TarEntry {
  return { path, kind: "file", mode: 0o644, content };
}
