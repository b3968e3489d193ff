/**
 * Directories whose names survive a loss of power.
 * Threads: any.
 */
import { dirname } from 'node:path'
import { syncDirectory } from './durable-files.ts'
import { filesAt } from './file-system.ts'
import { errnoOf } from './storage-errors.ts'

/**
 * As `mkdir -p`, durably. (Node's own goes round for ever where a parent takes no directories.)
 */
export async function makeDirectory(path: string): Promise<void> {
  const missing: string[] = []
  for (let at = path; !(await exists(at)) && dirname(at) !== at; at = dirname(at)) missing.push(at)
  for (const folder of missing.reverse()) {
    await makeOne(folder)
    await syncDirectory(dirname(folder))
  }
}

async function makeOne(folder: string): Promise<void> {
  try {
    await filesAt(folder).mkdir(folder)
  } catch (error) {
    // Another thread may make it at the same time.
    if (errnoOf(error) !== 'EEXIST') throw error
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await filesAt(path).stat(path)
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw error
  }
}
