/**
 * A store from its description, in whichever thread needs it.
 * Threads: any.
 */
import { resolve } from 'node:path'
import type { BlobStore, StoreDescription } from './contract.ts'
import { FileStore } from './file-store.ts'
import { MemoryStore } from './memory-store.ts'

export function createStore(description: StoreDescription): BlobStore {
  switch (description.kind) {
    case 'file':
      return new FileStore(resolve(description.directory))
    case 'memory':
      // Only stores write to it.
      return new MemoryStore(description.blobs as Map<string, SharedArrayBuffer>)
  }
}
