/**
 * A graph that a seed decides, with one vertex that is planted as the slowest: for each record of
 * the source it takes `micros`, spread over its subtasks and over the ways that lead to it. All
 * others take half as long at most, or next to nothing.
 */
import { defineJob, type Sink, type Stream } from 'sluice'
import { generator } from 'sluice/generator'
import { discard } from './discard.ts'
import { sleep } from './spend.ts'

interface Args {
  seed: number
  micros: number
}

interface Event {
  i: number
  text: string
}

/** A stream, how many records of it there are for each of the source, and who reads it. */
interface Part {
  stream: Stream<Event>
  visits: number
  readers: number
}

/** Sleeps are this long at least: what one takes beyond that, the next is shorter by. */
const SLEEP_MICROS_MIN = 5_000
const TEXT = 't'.repeat(200)

export default defineJob('random graph', (env, { seed, micros }: Args) => {
  const below = random(seed)
  const layers = Array.from({ length: 2 + below(3) }, () => 1 + below(3))
  const planted = below(layers.reduce((sum, n) => sum + n))
  const source = env.from(generator({ make: (i) => ({ i, text: TEXT }) })).name('source')
  const parts: Part[] = [{ stream: source.parallelism(1), visits: 1, readers: 0 }]
  let before = parts
  let index = 0
  for (const width of layers) {
    const layer = Array.from({ length: width }, () => {
      const isPlanted = index++ === planted
      const name = isPlanted ? 'planted' : `other ${index}`
      const load = isPlanted ? micros : below(2) * micros * (0.3 + 0.02 * below(10))
      return vertex(inputsOf(before, below), { name, load, subtasks: 1 + below(2) })
    })
    parts.push(...layer)
    before = layer
  }
  for (const { stream, readers } of parts) if (readers === 0) stream.to(discard() as Sink<Event>)
})

/** One or two of them. */
function inputsOf(parts: readonly Part[], below: (n: number) => number): readonly Part[] {
  const first = below(parts.length)
  const isJoin = parts.length > 1 && below(3) === 0
  const second = (first + 1 + below(Math.max(1, parts.length - 1))) % parts.length
  return isJoin ? [parts[first]!, parts[second]!] : [parts[first]!]
}

interface Work {
  name: string
  /** For each record of the source. */
  load: number
  subtasks: number
}

function vertex(inputs: readonly Part[], { name, load, subtasks }: Work): Part {
  for (const input of inputs) input.readers++
  const visits = inputs.reduce((sum, input) => sum + input.visits, 0)
  const micros = (load * subtasks) / visits
  let owedMicros = 0
  const [first, ...rest] = inputs.map(({ stream }) => stream.rebalance())
  const [second] = rest
  const joined = second === undefined ? first! : first!.union(second)
  const stream = joined
    .map((record) => {
      owedMicros += micros
      if (owedMicros >= SLEEP_MICROS_MIN) owedMicros -= slept(owedMicros)
      return record
    })
    .name(name)
    .parallelism(subtasks)
  return { stream, visits, readers: 0 }
}

/** How long it has taken. */
function slept(micros: number): number {
  const startMs = performance.now()
  sleep(micros)
  return (performance.now() - startMs) * 1e3
}

function random(seed: number): (n: number) => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1
  return (n) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % n
  }
}
