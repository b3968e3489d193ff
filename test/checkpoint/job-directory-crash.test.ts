/** What a job's directory promises on a disk that fails, and forgets what was not synced. */
import { afterEach, expect, test } from 'vitest'
import { ManualClock } from '../../src/base/clock.ts'
import { prng } from '../../src/base/prng.ts'
import { JobDirectory } from '../../src/checkpoint/job-directory.ts'
import { mountFiles } from '../../src/storage/file-system.ts'
import { SimulatedDisk } from '../../src/testing/simulation/simulated-disk.ts'

const ROOT = '/simulated-directory'
const PATH = `${ROOT}/job`

let unmount = () => {}
afterEach(() => unmount())

/** A disk whose operation of this number fails, counted from 1. */
function diskFailingAt(failing: number, seed: number): SimulatedDisk {
  let operations = 0
  return diskWith(seed, () => ++operations === failing)
}

function diskWith(seed: number, fails: () => boolean): SimulatedDisk {
  const disk = new SimulatedDisk({
    random: prng(seed),
    schedule: async (operation) => operation(),
    fault: () => (fails() ? 'EIO' : undefined),
    happened: () => {},
  })
  disk.make(ROOT)
  unmount = mountFiles(ROOT, disk)
  return disk
}

function open(): Promise<JobDirectory> {
  const options = { jobName: 'job', newLineage: 'lineage', historySize: 3 }
  return JobDirectory.open(PATH, { ...options, clock: new ManualClock() })
}

test.each(Array.from({ length: 16 }, (_, k) => k + 1))(
  'what is published survives a crash, though an earlier start failed at operation %i',
  async (failing) => {
    for (let seed = 1; seed <= 8; seed++) {
      const disk = diskFailingAt(failing, seed)
      await open().catch(() => undefined)
      disk.remove(`${PATH}/lock`)
      const directory = await open()
      expect(await directory.store.putIfAbsent('chk-1/_metadata', new Uint8Array(3))).toBe(true)
      disk.crash()
      expect(disk.list()).toContain(`${PATH}/chk-1/_metadata`)
      unmount()
    }
  },
)

/** Until it succeeds; the last error may come behind all that matters. */
async function untilDone(action: () => Promise<void>): Promise<void> {
  const error = await action().catch((failed: unknown) => failed)
  if (error !== undefined) await untilDone(action)
}

const METADATA = `${PATH}/chk-1/_metadata`

test('what failed to be published does not come back once it is deleted', async () => {
  let failed = 0
  for (let seed = 1; seed <= 400; seed++) {
    const faults = prng(seed)
    let isFailing = false
    const disk = diskWith(seed, () => isFailing && faults.below(3) === 0)
    const directory = await open()
    await directory.makeFolder(1)
    isFailing = true
    const publishing = directory.store.putIfAbsent('chk-1/_metadata', new Uint8Array(3))
    const published = await publishing.catch(() => false)
    if (!published) await untilDone(() => directory.deleteCheckpoint(1))
    disk.crash()
    expect(disk.list().includes(METADATA), `seed ${seed}`).toBe(published)
    if (!published) failed++
    unmount()
  }
  expect(failed).toBeGreaterThan(100)
})

test('what is set aside does not come back, however often that had to be tried', async () => {
  for (let seed = 1; seed <= 200; seed++) {
    const faults = prng(seed)
    let isFailing = false
    const disk = diskWith(seed, () => isFailing && faults.below(3) === 0)
    const directory = await open()
    await directory.store.putIfAbsent('chk-1/_metadata', new Uint8Array(3))
    isFailing = true
    await untilDone(() => directory.setAside(1))
    disk.crash()
    expect(disk.list().includes(METADATA), `seed ${seed}`).toBe(false)
    unmount()
  }
})

test('a checkpoint to start from stays, though its publisher came to no sync', async () => {
  for (let seed = 1; seed <= 16; seed++) {
    const disk = diskWith(seed, () => false)
    const directory = await open()
    await directory.makeFolder(1)
    await directory.store.put('chk-1/whole', [new Uint8Array(3)])
    await disk.link(`${PATH}/chk-1/whole`, METADATA)
    await directory.makeDurable(1)
    disk.crash()
    expect(disk.list()).toContain(METADATA)
    unmount()
  }
})
