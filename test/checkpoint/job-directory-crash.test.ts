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
  const disk = new SimulatedDisk({
    random: prng(seed),
    schedule: async (operation) => operation(),
    fault: () => (++operations === failing ? 'EIO' : undefined),
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
