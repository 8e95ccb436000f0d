/** How full the filesystem is that holds a path. */
export interface DiskSpaceReader {
  /** `undefined`: the path is not there or cannot be asked. */
  read(path: string): Promise<DiskSpace | undefined>;
}

export interface DiskSpace {
  readonly capacityBytes: number;
  /** What processes without privileges may still write. */
  readonly availableBytes: number;
}
