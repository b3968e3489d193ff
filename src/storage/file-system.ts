/**
 * The file operations of checkpoints: the system's, but for paths below a root where somebody has
 * mounted another file system. The simulator does so: its disks are in memory, fail, and forget in
 * a crash what was not synced.
 * Threads: any; a mount is known to its own thread only.
 */
import * as system from 'node:fs/promises'

/** An open file or directory. */
export interface OpenFile {
  writev(parts: readonly Uint8Array[]): Promise<{ readonly bytesWritten: number }>
  read(
    into: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>
  stat(): Promise<{ readonly size: number }>
  sync(): Promise<void>
  close(): Promise<void>
}

export interface DirectoryEntry {
  readonly name: string
  isDirectory(): boolean
}

/** Errors are those of Node: their `code` is an errno. */
export interface FileSystem {
  open(path: string, flags: 'r' | 'w'): Promise<OpenFile>
  link(from: string, to: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  mkdir(path: string): Promise<unknown>
  rmdir(path: string): Promise<void>
  /** A folder and all in it; no error if there is none. */
  removeAll(path: string): Promise<void>
  stat(path: string): Promise<{ readonly size: number }>
  entries(path: string): Promise<readonly DirectoryEntry[]>
  readText(path: string): Promise<string>
  /** At the end of a file, durably where `sync` says so; makes it if need be. */
  appendText(path: string, text: string, options: { readonly sync: boolean }): Promise<void>
}

// By name at each call: tests replace functions of the module.
const systemFiles: FileSystem = {
  open: (path, flags) => system.open(path, flags),
  link: (from, to) => system.link(from, to),
  rename: (from, to) => system.rename(from, to),
  unlink: (path) => system.unlink(path),
  mkdir: (path) => system.mkdir(path),
  rmdir: (path) => system.rmdir(path),
  removeAll: (path) => system.rm(path, { recursive: true, force: true, maxRetries: 3 }),
  stat: (path) => system.stat(path),
  entries: (path) => system.readdir(path, { withFileTypes: true }),
  readText: (path) => system.readFile(path, 'utf8'),
  appendText: (path, text, { sync }) => system.appendFile(path, text, sync ? { flush: true } : {}),
}

const mounted = new Map<string, FileSystem>()

/** Whose files lie at `path`. */
export function filesAt(path: string): FileSystem {
  for (const [root, files] of mounted) if (isBelow(path, root)) return files
  return systemFiles
}

/** From now on all at and below `root` is in `files`; the returned function ends it. */
export function mountFiles(root: string, files: FileSystem): () => void {
  mounted.set(root, files)
  return () => mounted.delete(root)
}

function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`)
}
