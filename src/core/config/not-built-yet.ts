/** What was asked for and is not built yet, for the warning at start: a setting is never silently ignored. */
import { isObject } from "./decode.ts";
import type { EffectiveConfiguration } from "./effective-configuration.ts";
import { gateNotHonoured } from "./feature-gates.ts";
import type { Field, Fields, Json } from "./field.ts";
import { kubeletFields } from "./kubelet-fields.ts";
import { isDefault, type Origin, type Origins, setOrigin } from "./origin.ts";
import { formatPath, type Path } from "./path.ts";
import { tskubeletFields } from "./tskubelet-fields.ts";

export interface NotBuiltYet {
  /** The field, `kubelet`'s or `tskubelet`'s. */
  readonly path: string;
  readonly value: Json;
  readonly origin: Origin;
  /** The missing feature and where it is planned: "eviction and disk pressure (issue 3)". */
  readonly issueHint: string;
}

/**
 * Fields that a file or flag sets and whose feature is not built, in the order of the table. A value that asks for
 * nothing (false, 0, "" or empty where that is the default too) is left out. Feature gates count when they ask for
 * something else than the agent does.
 */
export function notBuiltYet(config: EffectiveConfiguration): readonly NotBuiltYet[] {
  return [
    ...inStruct(config.kubelet, kubeletFields, config.kubeletOrigins, []),
    ...inStruct(config.tskubelet, tskubeletFields, config.tskubeletOrigins, []),
    ...gates(config),
  ];
}

function inStruct(value: object, fields: Fields, origins: Origins, path: Path): readonly NotBuiltYet[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const item = (value as Readonly<Record<string, Json | undefined>>)[name];
    return item === undefined ? [] : inField(item, field, origins, [...path, name]);
  });
}

function inField(value: Json, field: Field<unknown>, origins: Origins, path: Path): readonly NotBuiltYet[] {
  if (field.type.kind === "object" && isObject(value)) return inStruct(value, field.type.fields, origins, path);
  if (field.state.state !== "notYet") return [];
  const origin = setOrigin(origins, path);
  if (isDefault(origin) || (asksNothing(value) && asksNothing(field.default ?? null))) return [];
  const { feature, hint } = field.state;
  return [{ path: formatPath(path), value, origin, issueHint: `${feature} (${hint})` }];
}

function gates({ kubelet, kubeletOrigins }: EffectiveConfiguration): readonly NotBuiltYet[] {
  return Object.entries(kubelet.featureGates).flatMap(([gate, value]) => {
    if (!gateNotHonoured(gate, value)) return [];
    const path = ["featureGates", gate];
    const issueHint = value ? "this feature (a later version)" : "a way to turn this off";
    return [{ path: formatPath(path), value, origin: setOrigin(kubeletOrigins, path), issueHint }];
  });
}

function asksNothing(value: Json): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isObject(value)) return Object.keys(value).length === 0;
  return value === null || value === false || value === 0 || value === "" || value === "0s";
}
