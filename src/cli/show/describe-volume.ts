/** One volume in `describe pod`. Source: kubectl pkg/describe describe.go describeVolumes. */
import type { Volume } from "../../core/api/types.ts";
import type { OutlineItem } from "./outline.ts";

export function describeVolume(volume: Volume): OutlineItem {
  return { key: volume.name, children: facts(volume) };
}

function facts(volume: Volume): readonly OutlineItem[] {
  const { emptyDir, hostPath, configMap, secret, projected, downwardAPI, image } = volume;
  if (emptyDir != null) {
    return [
      type("EmptyDir (a temporary directory that shares a pod's lifetime)"),
      { key: "Medium", value: emptyDir.medium ?? "" },
      { key: "SizeLimit", value: emptyDir.sizeLimit ?? "<unset>" },
    ];
  }
  if (hostPath != null) {
    return [
      type("HostPath (bare host directory volume)"),
      { key: "Path", value: hostPath.path },
      { key: "HostPathType", value: hostPath.type ?? "" },
    ];
  }
  if (configMap != null) {
    return [
      type("ConfigMap (a volume populated by a ConfigMap)"),
      { key: "Name", value: configMap.name ?? "" },
      { key: "Optional", value: String(configMap.optional ?? false) },
    ];
  }
  if (secret != null) {
    return [
      type("Secret (a volume populated by a Secret)"),
      { key: "SecretName", value: secret.secretName ?? "" },
      { key: "Optional", value: String(secret.optional ?? false) },
    ];
  }
  if (projected != null) {
    const sources = (projected.sources ?? []).flatMap((source) => Object.keys(source));
    return [
      type("Projected (a volume that contains injected data from multiple sources)"),
      { key: "Sources", value: sources.join(", ") },
    ];
  }
  if (image != null) {
    return [
      type("Image (a container image or OCI artifact)"),
      { key: "Reference", value: image.reference ?? "" },
      { key: "PullPolicy", value: image.pullPolicy ?? "" },
    ];
  }
  if (downwardAPI != null) return [type("DownwardAPI (a volume populated by information about the pod)")];
  const kind = Object.keys(volume).find((key) => key !== "name");
  return [type(kind ?? "<unknown>")];
}

function type(value: string): OutlineItem {
  return { key: "Type", value };
}
