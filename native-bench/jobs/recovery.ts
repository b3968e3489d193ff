/**
 * Keyed count with a text of 100 bytes beside each count. It throws when it is told to, and says
 * when it did, when an attempt opened, and when its first record came and every key had one.
 */
import { blackhole, defineJob, type Emit, value } from 'sluice'
import { generator } from 'sluice/generator'

export interface Args {
  keys: number
  /**
   * Float64: the attempt that is to throw, and then when it did, opened, began and had been at
   * every key: epoch ms.
   */
  control: SharedArrayBuffer
}

const THROW = 0
const THROWN = 1
const OPENED = 2
const FIRST = 3
const EVERY_KEY = 4

const nowMs = () => performance.timeOrigin + performance.now()

export default defineJob('recovery', (env, args: Args) => {
  // No array of keys: every thread would make it before it begins.
  const keyOf = (index: number) => `key-${1e6 + ((index * 7919) % args.keys)}`
  const control = new Float64Array(args.control)
  let attempt = 0
  let records = 0

  env
    .from(generator({ make: (i) => ({ key: keyOf(i) }) }))
    .keyBy('key')
    .process({
      state: { count: value(0), text: value('') },
      open(info) {
        attempt = info.attempt
        control[OPENED] = nowMs()
      },
      process({ key }, ctx, emit: Emit<{ key: string; count: number }>) {
        if (records++ === 0) control[FIRST] = nowMs()
        if (records === args.keys) control[EVERY_KEY] = nowMs()
        if (control[THROW] === attempt) {
          control[THROWN] = nowMs()
          throw new Error('as it was told')
        }
        const count = ctx.state.count.get() + 1
        ctx.state.count.set(count)
        if (count === 1) ctx.state.text.set(key.padEnd(100, '.'))
        emit({ key, count })
      },
    })
    .to(blackhole())
})
