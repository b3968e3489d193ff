/**
 * A process that tries to lock a directory whenever it is told to, with random pauses at every
 * file operation. Arguments: the compiled module, the directory, a seed.
 */
import { installDiskFaults } from '../fixtures/disk-faults.mjs'

const [url, directory, seed] = process.argv.slice(2)
let state = Number(seed)
installDiskFaults([{ op: '*', path: directory, action: pause }])
const { lockDirectory } = await import(url)
let lock

process.on('message', async (command) => {
  if (command === 'release') {
    await lock.release()
    return process.send('released')
  }
  try {
    lock = await lockDirectory(directory, 1)
    process.send('won')
  } catch (error) {
    process.send(error.code === 'CHECKPOINT_DIRECTORY_LOCKED' ? 'lost' : String(error.stack))
  }
})
process.on('disconnect', () => process.exit())
process.send('ready')

function pause() {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  // One operation in four, up to 8 ms.
  if (state >>> 30 !== 0) return
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, (state >>> 24) % 8)
}
