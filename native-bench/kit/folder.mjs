import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Calls `action` with a new folder, which is gone afterwards. */
export async function inFolder(action) {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  try {
    return await action(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
