/**
 * Nexmark's events as a source of jobs, from one of three places:
 *
 * - `generator`: drawn as they are read. Measures a job together with the generator, which takes
 *   most of the time of a stateless query.
 * - `objects`: a ring of objects in memory (`replay.ts`). Measures the engine and the job alone.
 * - `bytes`: a ring of encoded pages in memory (`bytes-replay.ts`). Measures the job with a source
 *   that has to decode its input, as real ones do.
 *
 * Each subtask has a generator of its own, with ids of its own, on the same event time. All three
 * go on from any batch, by its first event's number.
 */
import type { Source } from 'sluice'
import { BytesReplay } from './bytes-replay.ts'
import {
  configOf,
  type GeneratorConfig,
  type NexmarkOptions,
  splitConfig,
  watermarkAfter,
} from './config.ts'
import type { NexmarkEvent } from './events.ts'
import { NexmarkGenerator } from './generator.ts'
import { BATCH_EVENTS, EventRing } from './replay.ts'

export type NexmarkOrigin = 'generator' | 'objects' | 'bytes'

/** There are as many generators as subtasks. */
type SharedOptions = Omit<NexmarkOptions, 'numEventGenerators'>

export interface NexmarkSourceOptions extends SharedOptions {
  readonly origin: NexmarkOrigin
  /** Of each subtask's ring. */
  readonly ringEvents?: number
}

const RING_EVENTS = 100_000

/** Without `events` it has no end. */
export function nexmark(options: NexmarkSourceOptions): Source<NexmarkEvent> {
  const { origin, ringEvents = RING_EVENTS, ...given } = options
  configOf(given)
  return {
    kind: 'nexmark',
    name: `nexmark ${origin}`,
    options: { ...options },
    bounded: given.events !== undefined,
    timed: true,
    enumerator: ({ parallelism }) => ({
      discover: async () => splitsOf(given, parallelism),
    }),
    reader: () => new NexmarkReader(origin, ringEvents),
  }
}

interface NexmarkSplit {
  readonly id: string
  readonly records?: number
  readonly config: GeneratorConfig
  readonly [field: string]: unknown
}

function splitsOf(options: SharedOptions, count: number): readonly NexmarkSplit[] {
  const config = configOf({ ...options, numEventGenerators: count })
  return splitConfig(config, count).map((each, k) => ({
    id: `${k} of ${count}`,
    config: each,
    ...(options.events === undefined ? {} : { records: each.events }),
  }))
}

/** The events of one batch at a time. */
interface Playback {
  fill(done: number, count: number): void
  record(i: number): NexmarkEvent
  time(i: number): number
}

/** Events of the split that lie before the batch. */
interface Position {
  readonly done: number
}

class NexmarkReader {
  readonly #origin: NexmarkOrigin
  readonly #ringEvents: number
  #playback!: Playback
  #config!: GeneratorConfig
  #done = 0

  constructor(origin: NexmarkOrigin, ringEvents: number) {
    this.#origin = origin
    this.#ringEvents = ringEvents
  }

  open(split: object, position: unknown | undefined): void {
    this.#config = (split as NexmarkSplit).config
    this.#done = (position as Position | undefined)?.done ?? 0
    this.#playback = playbackOf(this.#origin, this.#config, this.#ringEvents)
  }

  next(): EventBatch | undefined {
    const done = this.#done
    const count = Math.min(BATCH_EVENTS, this.#config.events - done)
    if (count <= 0) return undefined
    this.#playback.fill(done, count)
    this.#done = done + count
    const watermark = watermarkAfter(this.#config, this.#done)
    return new EventBatch(this.#playback, { position: { done }, count, watermark })
  }

  close(): void {}
}

function playbackOf(origin: NexmarkOrigin, config: GeneratorConfig, ringEvents: number): Playback {
  switch (origin) {
    case 'generator':
      return new NexmarkGenerator(config, BATCH_EVENTS)
    case 'objects':
      return new EventRing(config, ringEvents)
    case 'bytes':
      return new BytesReplay(config, ringEvents)
  }
}

/** A class, so that the compiled loop sees one shape and takes `record` into its own code. */
class EventBatch {
  readonly count: number
  readonly position: Position
  readonly watermark: number
  readonly #events: Playback

  constructor(events: Playback, of: { position: Position; count: number; watermark: number }) {
    this.#events = events
    this.count = of.count
    this.position = of.position
    this.watermark = of.watermark
  }

  record(i: number): NexmarkEvent {
    return this.#events.record(i)
  }

  time(i: number): number {
    return this.#events.time(i)
  }
}
