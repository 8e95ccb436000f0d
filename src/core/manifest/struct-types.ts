import { type GoField, parseGoField, type StructTable } from "./go-type.ts";
import { CONTAINER_STRUCTS } from "./schema/container.ts";
import { META_STRUCTS } from "./schema/meta.ts";
import { OBJECT_STRUCTS } from "./schema/objects.ts";
import { POD_STRUCTS } from "./schema/pod.ts";
import { RUNTIME_CLASS_STRUCTS } from "./schema/runtime-class.ts";
import { SCHEDULING_STRUCTS } from "./schema/scheduling.ts";
import { STATUS_STRUCTS } from "./schema/status.ts";
import { STORAGE_STRUCTS } from "./schema/storage.ts";
import { VOLUME_STRUCTS } from "./schema/volume.ts";

/** Every struct of the objects that are read here, in notation. */
export const STRUCTS: StructTable = {
  ...META_STRUCTS,
  ...OBJECT_STRUCTS,
  ...POD_STRUCTS,
  ...CONTAINER_STRUCTS,
  ...VOLUME_STRUCTS,
  ...STORAGE_STRUCTS,
  ...SCHEDULING_STRUCTS,
  ...RUNTIME_CLASS_STRUCTS,
  ...STATUS_STRUCTS,
};

const FIELDS_BY_STRUCT: ReadonlyMap<string, ReadonlyMap<string, GoField>> = new Map(
  Object.entries(STRUCTS).map(([struct, fields]) => [
    struct,
    new Map(Object.entries(fields).map(([name, notation]) => [name, parseGoField(notation)])),
  ]),
);

const NO_FIELDS: ReadonlyMap<string, GoField> = new Map();

/** Fields of a struct by JSON name, in Go's declaration order; empty for an unknown struct. */
export function fieldsOf(struct: string): ReadonlyMap<string, GoField> {
  return FIELDS_BY_STRUCT.get(struct) ?? NO_FIELDS;
}
