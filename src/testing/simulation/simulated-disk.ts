/**
 * A file system in memory that forgets in a crash what was not synced: bytes of files, and names in
 * directories. Each operation waits until the simulation lets it happen, and may fail.
 * Threads: the caller's.
 */
import { dirname } from 'node:path'
import type { Prng } from '../../base/prng.ts'
import type { DirectoryEntry, FileSystem, OpenFile } from '../../storage/file-system.ts'

/** What happens to an operation: nothing, an errno, or a write that ends early. */
export type DiskFault = 'EIO' | 'ENOSPC' | 'short' | undefined

export interface SimulatedDiskOptions {
  readonly random: Prng
  /** Calls `operation` when its turn has come. */
  readonly schedule: <T>(operation: () => T) => Promise<T>
  /** Asked when an operation happens. */
  readonly fault: (writes: boolean) => DiskFault
  /** Told when something about files has happened. */
  readonly happened: (what: 'linked' | 'synced') => void
}

interface File {
  readonly kind: 'file'
  bytes: Buffer
  durable: Buffer
}

interface Folder {
  readonly kind: 'folder'
  readonly entries: Map<string, Inode>
  /** As of the last sync. */
  durable: Map<string, Inode>
  /** What has changed since, in order. */
  readonly changes: Change[]
}

type Inode = File | Folder
type Change = (entries: Map<string, Inode>) => void

const NOTHING = Buffer.alloc(0)

export class SimulatedDisk implements FileSystem {
  readonly #options: SimulatedDiskOptions
  readonly #root = folder()

  constructor(options: SimulatedDiskOptions) {
    this.#options = options
  }

  /** A folder that has always been there. */
  make(path: string): void {
    const parent = this.#folder(dirname(path))
    const made = folder()
    parent.entries.set(nameOf(path), made)
    parent.durable.set(nameOf(path), made)
  }

  /** All files there are, for who looks from outside. */
  list(): readonly string[] {
    return listed(this.#root, '')
  }

  /** The bytes of a file. */
  bytesOf(path: string): Uint8Array {
    const node = this.#node(path)
    if (node?.kind !== 'file') throw errno('ENOENT', path)
    return node.bytes
  }

  /** The power is gone: of what was not synced some is there, some is not. */
  crash(): void {
    this.#crashIn(this.#root)
  }

  /** As if its owner had done it: what the simulated process cannot do any more. */
  remove(path: string): void {
    const parent = this.#node(dirname(path))
    if (parent?.kind !== 'folder') return
    parent.entries.delete(nameOf(path))
    parent.durable.delete(nameOf(path))
  }

  open(path: string, flags: 'r' | 'w'): Promise<OpenFile> {
    return this.#do(flags === 'w', () => {
      const parent = this.#folder(dirname(path))
      let node = parent.entries.get(nameOf(path))
      if (path === '/' || path === '') node = this.#root
      if (flags === 'w') node = this.#truncated(parent, { name: nameOf(path), node })
      if (node === undefined) throw errno('ENOENT', path)
      return this.#opened(node)
    })
  }

  link(from: string, to: string): Promise<void> {
    return this.#do(true, () => {
      const node = this.#node(from)
      if (node === undefined) throw errno('ENOENT', from)
      const target = this.#folder(dirname(to))
      if (target.entries.has(nameOf(to))) throw errno('EEXIST', to)
      change(target, (entries) => entries.set(nameOf(to), node))
      this.#options.happened('linked')
    })
  }

  /** Within one folder. */
  rename(from: string, to: string): Promise<void> {
    return this.#do(true, () => {
      const node = this.#node(from)
      if (node === undefined) throw errno('ENOENT', from)
      change(this.#folder(dirname(to)), (entries) => {
        entries.delete(nameOf(from))
        entries.set(nameOf(to), node)
      })
    })
  }

  unlink(path: string): Promise<void> {
    return this.#do(false, () => {
      if (this.#node(path) === undefined) throw errno('ENOENT', path)
      change(this.#folder(dirname(path)), (entries) => entries.delete(nameOf(path)))
    })
  }

  mkdir(path: string): Promise<void> {
    return this.#do(true, () => {
      const parent = this.#folder(dirname(path))
      if (parent.entries.has(nameOf(path))) throw errno('EEXIST', path)
      const made = folder()
      change(parent, (entries) => entries.set(nameOf(path), made))
    })
  }

  rmdir(path: string): Promise<void> {
    return this.#do(false, () => {
      const node = this.#node(path)
      if (node === undefined) throw errno('ENOENT', path)
      if (node.kind === 'folder' && node.entries.size > 0) throw errno('ENOTEMPTY', path)
      change(this.#folder(dirname(path)), (entries) => entries.delete(nameOf(path)))
    })
  }

  async removeAll(path: string): Promise<void> {
    const node = this.#node(path)
    if (node === undefined) return
    if (node.kind === 'folder') {
      for (const name of [...node.entries.keys()]) await this.removeAll(`${path}/${name}`)
      await this.rmdir(path)
    } else await this.unlink(path)
  }

  async stat(path: string): Promise<{ readonly size: number }> {
    const node = this.#node(path)
    if (node === undefined) throw errno('ENOENT', path)
    return { size: node.kind === 'file' ? node.bytes.length : 0 }
  }

  async entries(path: string): Promise<readonly DirectoryEntry[]> {
    const { entries } = this.#folder(path)
    return [...entries].map(([name, { kind }]) => ({ name, isDirectory: () => kind === 'folder' }))
  }

  readText(path: string): Promise<string> {
    return this.#do(false, () => {
      const node = this.#node(path)
      if (node?.kind !== 'file') throw errno('ENOENT', path)
      return node.bytes.toString('utf8')
    })
  }

  appendText(path: string, text: string, { sync }: { readonly sync: boolean }): Promise<void> {
    return this.#do(true, () => {
      const parent = this.#folder(dirname(path))
      const node = parent.entries.get(nameOf(path)) ?? file()
      if (node.kind === 'folder') throw errno('EISDIR', path)
      if (!parent.entries.has(nameOf(path))) {
        change(parent, (entries) => entries.set(nameOf(path), node))
      }
      node.bytes = Buffer.concat([node.bytes, Buffer.from(text)])
      if (sync) node.durable = node.bytes
    })
  }

  #do<T>(writes: boolean, operation: () => T): Promise<T> {
    return this.#options.schedule(() => {
      const fault = this.#options.fault(writes)
      if (fault === 'EIO' || fault === 'ENOSPC') throw errno(fault, '')
      return operation()
    })
  }

  #truncated(
    parent: Folder,
    at: { readonly name: string; readonly node: Inode | undefined },
  ): File {
    const { name, node } = at
    if (node?.kind === 'folder') throw errno('EISDIR', name)
    if (node !== undefined) {
      node.bytes = NOTHING
      return node
    }
    const made = file()
    change(parent, (entries) => entries.set(name, made))
    return made
  }

  #opened(node: Inode): OpenFile {
    return {
      writev: (parts) => this.#write(node as File, parts),
      read: (into, offset, length, position) =>
        this.#do(false, () => {
          const end = Math.min(position + length, (node as File).bytes.length)
          const bytesRead = (node as File).bytes.copy(into, offset, position, end)
          return { bytesRead }
        }),
      stat: async () => ({ size: node.kind === 'file' ? node.bytes.length : 0 }),
      sync: () =>
        this.#do(true, () => {
          if (node.kind === 'file') node.durable = node.bytes
          else syncFolder(node)
          this.#options.happened('synced')
        }),
      close: async () => {},
    }
  }

  #write(node: File, parts: readonly Uint8Array[]): Promise<{ readonly bytesWritten: number }> {
    return this.#options.schedule(() => {
      const fault = this.#options.fault(true)
      const all = Buffer.concat(parts)
      const length = fault === undefined ? all.length : this.#options.random.below(all.length + 1)
      node.bytes = Buffer.concat([node.bytes, all.subarray(0, length)])
      // Of a write that fails, too, some may be on the disk.
      if (fault === 'EIO' || fault === 'ENOSPC') throw errno(fault, '')
      if (length === 0 && all.length > 0) throw errno('EIO', '')
      return { bytesWritten: length }
    })
  }

  #crashIn(node: Folder): void {
    const { random } = this.#options
    const keepsSome = random.below(2) === 0
    for (const done of node.changes) if (keepsSome && random.below(2) === 0) done(node.durable)
    node.entries.clear()
    for (const [name, inode] of node.durable) node.entries.set(name, inode)
    node.changes.length = 0
    for (const inode of node.entries.values()) {
      if (inode.kind === 'folder') this.#crashIn(inode)
      else this.#crashFile(inode)
    }
  }

  #crashFile(node: File): void {
    const { random } = this.#options
    if (node.bytes === node.durable) return
    if (random.below(2) === 0) node.bytes = node.durable
    else node.bytes = node.bytes.subarray(0, random.below(node.bytes.length + 1))
    node.durable = node.bytes
  }

  #folder(path: string): Folder {
    const node = this.#node(path)
    if (node === undefined) throw errno('ENOENT', path)
    if (node.kind === 'file') throw errno('ENOTDIR', path)
    return node
  }

  #node(path: string): Inode | undefined {
    let node: Inode | undefined = this.#root
    for (const name of path.split('/')) {
      if (name === '') continue
      if (node?.kind !== 'folder') return undefined
      node = node.entries.get(name)
    }
    return node
  }
}

function folder(): Folder {
  return { kind: 'folder', entries: new Map(), durable: new Map(), changes: [] }
}

function file(): File {
  return { kind: 'file', bytes: NOTHING, durable: NOTHING }
}

function change(node: Folder, done: Change): void {
  done(node.entries)
  node.changes.push(done)
}

function syncFolder(node: Folder): void {
  node.durable = new Map(node.entries)
  node.changes.length = 0
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function listed(node: Folder, path: string): readonly string[] {
  return [...node.entries].flatMap(([name, inode]) => {
    const own = `${path}/${name}`
    return inode.kind === 'file' ? [own] : listed(inode, own)
  })
}

/** Without a stack: most of them are no more than the answer that something is not there. */
function errno(code: string, path: string): Error {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  const error = Object.assign(new Error(`${code}: simulated, ${path}`), { code })
  Error.stackTraceLimit = stackTraceLimit
  return error
}
