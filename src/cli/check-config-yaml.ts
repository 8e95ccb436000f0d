/** The effective configuration as YAML that can be given back as --config; comments tell where values came from. */
import { Document, isMap, isPair, isScalar, type Node } from "yaml";
import {
  type EffectiveConfiguration,
  formatOrigin,
  kubeletFields,
  type Origins,
  originOf,
  type Path,
  tskubeletFields,
} from "../core/config/index.ts";
import { kubeletApiVersion, kubeletKind } from "../core/config/kubelet-fields.ts";
import { tskubeletApiVersion, tskubeletKind } from "../core/config/tskubelet-fields.ts";

/** Two documents; options that only flags have stand in comments before them. */
export function configurationYaml(
  config: EffectiveConfiguration,
  options: readonly (readonly [string, string, string])[],
): string {
  const flags = options.map(([flag, value, origin]) => `# ${flag}=${value} (${origin})\n`).join("");
  const kubelet = documentText(
    { apiVersion: kubeletApiVersion, kind: kubeletKind, ...inTableOrder(config.kubelet, Object.keys(kubeletFields)) },
    config.kubeletOrigins,
  );
  const tskubelet = documentText(
    {
      apiVersion: tskubeletApiVersion,
      kind: tskubeletKind,
      ...inTableOrder(config.tskubelet, Object.keys(tskubeletFields)),
    },
    config.tskubeletOrigins,
  );
  return `${flags}${kubelet}---\n${tskubelet}`;
}

function inTableOrder(value: object, names: readonly string[]): object {
  const known = new Map<string, unknown>(Object.entries(value));
  return Object.fromEntries(names.filter((name) => known.has(name)).map((name) => [name, known.get(name)]));
}

function documentText(value: object, origins: Origins): string {
  const document = new Document(value, { version: "1.1" });
  comment(document.contents, origins, []);
  return document.toString({ lineWidth: 0, directives: false });
}

function comment(node: Node | null, origins: Origins, path: Path): void {
  if (!isMap(node)) return;
  for (const pair of node.items) {
    if (!isPair(pair) || !isScalar(pair.key)) continue;
    const name = String(pair.key.value);
    const itemPath = [...path, name];
    const value = pair.value as Node | null;
    if (path.length === 0 && (name === "apiVersion" || name === "kind")) continue;
    if (isMap(value) && value.items.length > 0) {
      comment(value, origins, itemPath);
    } else if (isScalar(value)) {
      value.comment = ` ${formatOrigin(originOf(origins, itemPath))}`;
    } else {
      pair.key.commentBefore = ` ${formatOrigin(originOf(origins, itemPath))}`;
    }
  }
}
