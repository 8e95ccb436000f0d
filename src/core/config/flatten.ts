/** A configuration as rows, one for each value that has an origin of its own: for tables and documents. */
import { isObject } from "./decode.ts";
import type { EffectiveConfiguration } from "./effective-configuration.ts";
import type { Field, FieldState, Fields, Json } from "./field.ts";
import { kubeletFields } from "./kubelet-fields.ts";
import { type Origin, type Origins, originOf } from "./origin.ts";
import { formatPath, type Path } from "./path.ts";
import { tskubeletFields } from "./tskubelet-fields.ts";

export interface ConfigurationRow {
  readonly part: "kubelet" | "tskubelet";
  readonly path: string;
  readonly value: Json;
  readonly origin: Origin;
  readonly state: FieldState;
  readonly about: string;
}

/** In the order of the tables; an unset optional field has no row, an empty map has one. */
export function configurationRows(config: EffectiveConfiguration): readonly ConfigurationRow[] {
  return [
    ...structRows("kubelet", config.kubelet, kubeletFields, config.kubeletOrigins, []),
    ...structRows("tskubelet", config.tskubelet, tskubeletFields, config.tskubeletOrigins, []),
  ];
}

function structRows(
  part: ConfigurationRow["part"],
  value: object,
  fields: Fields,
  origins: Origins,
  path: Path,
): readonly ConfigurationRow[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const item = (value as Readonly<Record<string, Json | undefined>>)[name];
    return item === undefined ? [] : fieldRows(part, item, field, origins, [...path, name]);
  });
}

function fieldRows(
  part: ConfigurationRow["part"],
  value: Json,
  field: Field<unknown>,
  origins: Origins,
  path: Path,
): readonly ConfigurationRow[] {
  if (field.type.kind === "object" && isObject(value)) return structRows(part, value, field.type.fields, origins, path);
  const row = (at: Path, item: Json): ConfigurationRow => {
    return {
      part,
      path: formatPath(at),
      value: item,
      origin: originOf(origins, at),
      state: field.state,
      about: field.about,
    };
  };
  if (field.type.kind !== "map" || !isObject(value) || Object.keys(value).length === 0) return [row(path, value)];
  return Object.entries(value).map(([name, item]) => row([...path, name], item ?? null));
}
