/** The kinds of objects that `get` lists. */
import type {
  ConfigMap,
  Node,
  ObjectMeta,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Secret,
} from "../../core/api/types.ts";
import type { CriImage } from "../../core/cri/types.ts";
import type { AgentClient, Query } from "../client/agent-client.ts";
import type { ApiEvent } from "../show/api-event.ts";
import { claimRows, volumeRows } from "../show/storage-tables.ts";
import type { Row } from "../show/table.ts";
import {
  configMapRows,
  eventRows,
  imageRows,
  nodeRows,
  podRows,
  secretRows,
  type TableOptions,
  type ToRows,
} from "../show/tables.ts";

interface Listed {
  readonly metadata?: ObjectMeta;
}

export interface Kind {
  /** As in an object's `kind`. */
  readonly name: string;
  readonly singular: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Of the list of a kind without namespaces. */
  readonly path: string;
  list(client: AgentClient, path: string, query: Query): Promise<readonly Listed[]>;
  rows(objects: readonly Listed[], options: TableOptions): readonly Row[];
}

const KINDS: readonly (Kind & { readonly aliases: readonly string[] })[] = [
  apiKind<Pod>("Pod", "pods", ["po"], true, podRows),
  apiKind<ConfigMap>("ConfigMap", "configmaps", ["cm"], true, configMapRows),
  apiKind<Secret>("Secret", "secrets", [], true, secretRows),
  apiKind<PersistentVolumeClaim>("PersistentVolumeClaim", "persistentvolumeclaims", ["pvc"], true, claimRows),
  apiKind<PersistentVolume>("PersistentVolume", "persistentvolumes", ["pv"], false, volumeRows),
  apiKind<ApiEvent>("Event", "events", ["ev"], true, (events, options) => eventRows(byLastSeen(events), options)),
  apiKind<Node>("Node", "nodes", ["no"], false, nodeRows),
  {
    ...apiKind<CriImage & Listed>("Image", "images", [], false, imageRows),
    path: "/tskubelet/v1/images",
    list: async (client, path) => (await client.get<{ images: readonly Listed[] }>(path)).images,
  },
];

function apiKind<T extends Listed>(
  name: string,
  plural: string,
  aliases: readonly string[],
  namespaced: boolean,
  rows: ToRows<T>,
): Kind & { readonly aliases: readonly string[] } {
  return {
    name,
    singular: name.toLowerCase(),
    plural,
    aliases,
    namespaced,
    path: `/api/v1/${plural}`,
    list: async (client, path, query) => (await client.get<{ items: readonly Listed[] }>(path, query)).items,
    // The API gives objects of the kind that its path names.
    rows: (objects, options) => rows(objects as readonly T[], options),
  };
}

export function findKind(written: string): Kind | undefined {
  return KINDS.find(({ singular, plural, aliases }) => [singular, plural, ...aliases].includes(written));
}

export function kindNames(): readonly string[] {
  return KINDS.flatMap(({ singular, plural }) => [plural, singular]);
}

function byLastSeen(events: readonly ApiEvent[]): readonly ApiEvent[] {
  return events.toSorted((a, b) =>
    a.lastTimestamp < b.lastTimestamp ? -1 : a.lastTimestamp > b.lastTimestamp ? 1 : 0,
  );
}
