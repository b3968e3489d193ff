/** The system's clock, seen from several threads. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'

const THREADS = 4
const QUESTIONS = 20
/** Two readings of the processor's clock lie between the two clocks that are laid on each other. */
const TOLERANCE_MS = 0.1

test('the monotonic clock is the same in all threads', async () => {
  execFileSync(process.execPath, [
    fileURLToPath(new URL('../../src/cli/build.mjs', import.meta.url)),
  ])
  for (let thread = 0; thread < THREADS; thread++) {
    const worker = new Worker(new URL('./clock-worker.mjs', import.meta.url))
    onTestFinished(async () => void (await worker.terminate()))
    for (let i = 0; i < QUESTIONS; i++) {
      const askedMs = systemClock.monotonicMs()
      worker.postMessage('what time is it?')
      const [toldMs] = await once(worker, 'message')
      expect(toldMs).toBeGreaterThan(askedMs - TOLERANCE_MS)
      expect(toldMs).toBeLessThan(systemClock.monotonicMs() + TOLERANCE_MS)
    }
  }
})
