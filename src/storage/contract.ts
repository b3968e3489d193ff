/**
 * Where checkpoints lie: named blobs, written whole. A name is a path of `/`-separated parts
 * within the store. Every error has the code STORAGE_FAILED and names the blob and the reason;
 * reading one that is not there fails with BLOB_MISSING.
 * Threads: any; a store is made anew in each thread from its description.
 */
export interface BlobInfo {
  readonly name: string
  readonly bytes: number
}

export interface BlobStore {
  /**
   * Writes a blob from its parts, replacing one of that name. When it resolves the bytes are
   * durable; the name is durable after the next `putIfAbsent` in the same folder.
   */
  put(name: string, parts: readonly Uint8Array[]): Promise<void>
  /**
   * Publishes a blob, durably and whole; false, and nothing changed, if the name is taken. Where it
   * fails nobody knows whether the blob is there, now or after a crash.
   */
  putIfAbsent(name: string, bytes: Uint8Array): Promise<boolean>
  /** The blob's bytes [from, to); all of it without a range. */
  get(name: string, range?: { readonly from: number; readonly to: number }): Promise<Uint8Array>
  /** All blobs whose names begin with the prefix, in the order of their names. */
  list(prefix: string): Promise<readonly BlobInfo[]>
  /** No error if it is not there. A folder that becomes empty is removed, too. */
  delete(name: string): Promise<void>
}

/** A store as plain data (and shared memory), to be sent to another thread. */
export type StoreDescription =
  | { readonly kind: 'file'; readonly directory: string }
  /** Shared by all threads that are sent it; lost with the process. */
  | { readonly kind: 'memory'; readonly blobs: ReadonlyMap<string, SharedArrayBuffer> }

/** A written blob, as whoever reads it later finds and checks it. */
export interface BlobHandle {
  readonly name: string
  readonly bytes: number
  /** CRC-32 of all its bytes. */
  readonly crc32: number
}
