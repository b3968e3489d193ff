import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { Doorbell } from '../../src/channel/doorbell.ts'
import { PARK_WORD } from '../../src/channel/doorbell-layout.ts'

const NEVER = () => false
const FOREVER = Number.POSITIVE_INFINITY

function doorbell() {
  const buffer = Doorbell.allocate()
  return { bell: new Doorbell(buffer), state: new Int32Array(buffer), buffer }
}

/** Rings from another thread once the word says that somebody sleeps. */
function ringFromOutside(buffer: SharedArrayBuffer): Worker {
  const code = `
    const { workerData } = require('node:worker_threads')
    const state = new Int32Array(workerData)
    const look = () => {
      if (Atomics.load(state, ${PARK_WORD}) === 0) return setTimeout(look, 1)
      if (Atomics.exchange(state, ${PARK_WORD}, 0) === 1) Atomics.notify(state, ${PARK_WORD})
    }
    look()`
  return new Worker(code, { eval: true, workerData: buffer })
}

test('park does not sleep if the last look finds something', () => {
  const { bell, state } = doorbell()
  let announced = 0
  bell.park(() => {
    announced = state[PARK_WORD]!
    return true
  }, FOREVER)
  expect(announced).toBe(1)
  expect(state[PARK_WORD]).toBe(0)
})

test('park ends when its time is over', () => {
  const { bell, state } = doorbell()
  bell.park(NEVER, 1)
  expect(state[PARK_WORD]).toBe(0)
})

test('park with no time left does not even look', () => {
  const { bell } = doorbell()
  bell.park(() => expect.unreachable(), 0)
})

test('a change between the look and the sleep is not lost', () => {
  const { bell } = doorbell()
  bell.park(() => {
    bell.wake()
    return false
  }, FOREVER)
})

test('another thread ends a park', async () => {
  const { bell, buffer } = doorbell()
  const worker = ringFromOutside(buffer)
  bell.park(NEVER, FOREVER)
  await worker.terminate()
})

test('another thread ends an asynchronous park', async () => {
  const { bell, buffer, state } = doorbell()
  const worker = ringFromOutside(buffer)
  await bell.parkAsync(NEVER, FOREVER)
  expect(state[PARK_WORD]).toBe(0)
  await worker.terminate()
})

test('an asynchronous park lets promises go on, and one of them may end it', async () => {
  const { bell } = doorbell()
  let ran = false
  setImmediate(() => {
    ran = true
    bell.wake()
  })
  await bell.parkAsync(NEVER, FOREVER)
  expect(ran).toBe(true)
})

test('an asynchronous park ends when its time is over and leaves no waiter', async () => {
  const { bell, state } = doorbell()
  await bell.parkAsync(NEVER, 2)
  expect(state[PARK_WORD]).toBe(0)
  expect(Atomics.notify(state, PARK_WORD)).toBe(0)
})

test('a blocking park inside an asynchronous one does not take its wake-up', async () => {
  const { bell } = doorbell()
  const outer = bell.parkAsync(NEVER, FOREVER)
  bell.park(NEVER, 1)
  await outer
})

test('mail is seen once, and rings', async () => {
  const { bell } = doorbell()
  const parked = bell.parkAsync(NEVER, FOREVER)
  bell.mail()
  await parked
  expect(bell.hasMail()).toBe(true)
  expect(bell.takeMail()).toBe(true)
  expect(bell.takeMail()).toBe(false)
})

test('priority bits add up until they are taken', () => {
  const { bell } = doorbell()
  expect(bell.takePriority()).toBe(0)
  bell.setPriority(1)
  bell.setPriority(4)
  expect(bell.hasPriority()).toBe(true)
  expect(bell.takePriority()).toBe(5)
  expect(bell.hasPriority()).toBe(false)
})
