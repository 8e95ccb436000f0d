/** Where this node's pods come from, and how a manifest becomes objects. */
import type { ReadManifest } from "../../agent/pods/pod-manager.ts";
import { type EffectiveConfiguration, kubeletSettings } from "../../core/config/index.ts";
import { readObjects } from "../../core/pods/read-objects.ts";
import { createDirectorySource } from "../../host/files/create-directory-source.ts";
import { createHttpSource } from "../../host/files/create-http-source.ts";
import { readDocuments } from "../../host/files/manifest-text.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { ManifestSource } from "../../ports/manifest-source.ts";

export function manifestSources(
  configuration: EffectiveConfiguration,
  ports: { readonly clock: Clock; readonly log: Log },
): readonly ManifestSource[] {
  const { staticPodPath, staticPodUrl, staticPodUrlHeader, ...periods } = kubeletSettings(configuration.kubelet);
  const { manifestsPath } = configuration.tskubelet;
  const rescanMs = periods.fileCheckFrequencyMs;
  const sources: ManifestSource[] = [];
  if (staticPodPath !== "") {
    sources.push(createDirectorySource({ kind: "file", path: staticPodPath, rescanMs, ...ports }));
  }
  if (staticPodUrl !== "") {
    const { clock } = ports;
    const periodMs = periods.httpCheckFrequencyMs;
    sources.push(createHttpSource({ url: staticPodUrl, headers: staticPodUrlHeader, periodMs, clock }));
  }
  if (manifestsPath !== "") {
    sources.push(createDirectorySource({ kind: "manifests", path: manifestsPath, rescanMs, ...ports }));
  }
  return sources;
}

export function manifestReader(nodeName: string): ReadManifest {
  return (file, source) => {
    const { path } = file;
    if (file.text === undefined) {
      return { path, objects: [], problems: [{ path, message: file.problem ?? "cannot be read" }], unusable: true };
    }
    return readObjects(readDocuments(file.text), { kind: source.kind, path, nodeName });
  };
}
