/**
 * Blobs in shared memory: for jobs whose checkpoints need not outlive the process. The map is that
 * of the description: every store made from it in one thread sees the same blobs; another thread
 * that is sent it sees those that were there then.
 * Threads: written by the one that made the description, read by any.
 */
import type { BlobInfo, BlobStore } from './contract.ts'
import { blobMissing } from './storage-errors.ts'

export class MemoryStore implements BlobStore {
  readonly #blobs: Map<string, SharedArrayBuffer>

  constructor(blobs: Map<string, SharedArrayBuffer>) {
    this.#blobs = blobs
  }

  async put(name: string, parts: readonly Uint8Array[]): Promise<void> {
    this.#blobs.set(name, joined(parts))
  }

  async putIfAbsent(name: string, bytes: Uint8Array): Promise<boolean> {
    if (this.#blobs.has(name)) return false
    this.#blobs.set(name, joined([bytes]))
    return true
  }

  async get(name: string, range?: { readonly from: number; readonly to: number }) {
    const blob = this.#blobs.get(name)
    if (blob === undefined) throw blobMissing(name)
    // A copy: decoders do not take shared memory.
    return new Uint8Array(blob).slice(range?.from ?? 0, range?.to ?? blob.byteLength)
  }

  async list(prefix: string): Promise<readonly BlobInfo[]> {
    return [...this.#blobs]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, blob]) => ({ name, bytes: blob.byteLength }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async delete(name: string): Promise<void> {
    this.#blobs.delete(name)
  }
}

function joined(parts: readonly Uint8Array[]): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(parts.reduce((sum, { length }) => sum + length, 0))
  const bytes = new Uint8Array(shared)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return shared
}
