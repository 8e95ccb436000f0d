/** containerd.services.content.v1 messages, as much of them as tells how far a pull is. */
import { bytes, int32, int64, message, nested, repeated, string, stringMap } from "./message.ts";

/** google.protobuf Timestamp. */
const timestamp = message<{ seconds: number; nanos: number }>({ seconds: int64(1), nanos: int32(2) });

export interface ContentInfo {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly createdAt: { readonly seconds: number; readonly nanos: number };
  readonly labels: Readonly<Record<string, string>>;
}

const info = message<ContentInfo>({
  digest: string(1),
  sizeBytes: int64(2),
  createdAt: nested(3, timestamp),
  labels: stringMap(5),
});

/** Of ListContent and ListStatuses. */
export const filtersRequest = message<{ filters: readonly string[] }>({ filters: repeated(string(1)) });

export const listContentResponse = message<{ info: readonly ContentInfo[] }>({ info: repeated(nested(1, info)) });

export const readContentRequest = message<{ digest: string; offset: number; size: number }>({
  digest: string(1),
  offset: int64(2),
  size: int64(3),
});

export const readContentResponse = message<{ data: Uint8Array }>({ data: bytes(2) });

const ingest = message<{ ref: string; offset: number }>({ ref: string(3), offset: int64(4) });

export const listStatusesResponse = message<{ statuses: readonly { ref: string; offset: number }[] }>({
  statuses: repeated(nested(1, ingest)),
});
