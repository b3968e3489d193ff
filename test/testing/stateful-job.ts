/**
 * Jobs out of stages that do with state what users do: change what it gave them, emit what it
 * holds, keep what they were given, change what they emitted. Every stage keeps to the key, so that
 * the records of a key stay in order at any parallelism.
 */
import {
  type Batch,
  count,
  defineJob,
  type Emit,
  first,
  last,
  list,
  map,
  max,
  min,
  output,
  type Source,
  type Stream,
  sum,
  tumbling,
  value,
} from '../../src/api/index.ts'

export type Key = number | string

/** What the keys are: results hang on that in nothing but the keys themselves. */
export type KeyKind = 'numbers' | 'texts' | 'slices' | 'long' | 'wide' | 'mixed'

export interface Item {
  readonly id: number
  readonly key: Key
  readonly at: number
  n: number
  tags: number[]
  text: string
}

export type Stage =
  | { readonly kind: 'lists' | 'entries' | 'numbers'; readonly set: boolean }
  | {
      readonly kind: 'queue' | 'seldom' | 'received' | 'twice' | 'aggregate' | 'sides' | 'rebalance'
    }
  | { readonly kind: 'reduce'; readonly how: 'change' | 'make' | 'take' }
  | { readonly kind: 'reminders' | 'debounce'; readonly inMs: number }
  | {
      readonly kind: 'windows'
      readonly sizeMs: number
      readonly latenessMs: number
      readonly hold: 'aggregates' | 'records' | 'custom'
    }

export interface StatefulArgs {
  readonly records: number
  readonly keys: number
  /** Default: numbers. */
  readonly keyKind?: KeyKind
  readonly batch: number
  /** All records of a key are in one of them. */
  readonly splits: number
  /** By how much a record may be older than one before it. */
  readonly disorderMs: number
  readonly outOfOrderMs: number
  readonly stages: readonly Stage[]
}

/** Behind all records, and still a time that windows take. */
const LAST = 1e12

export const statefulJob = defineJob('stateful', (env, args: StatefulArgs) => {
  let stream: Stream<Item> = env
    .from(items(args))
    .watermarks({ time: 'at', outOfOrder: args.outOfOrderMs })
  args.stages.forEach((stage, index) => {
    stream = behind(stream, stage, index)
  })
  stream.collect('items')
})

/** What the stages of a job collect, besides 'items'. */
export function collectedBy({ stages }: StatefulArgs): readonly string[] {
  return stages.flatMap(({ kind }, index) => {
    if (kind === 'sides') return [`sides ${index}`, `both ${index}`]
    return kind === 'windows' ? [`late ${index}`] : []
  })
}

/** In batches of one size, so that watermarks come at the same records in every run. */
function items(args: StatefulArgs): Source<Item> {
  const { records, keys, keyKind = 'numbers', batch, splits, disorderMs } = args
  const make = (id: number): Item => ({
    id,
    key: keyOf((id % splits) + splits * ((id * 7) % keys), keyKind),
    at: id * 10 - ((id * 7_919) % (disorderMs + 1)),
    n: (id * 37) % 101,
    tags: [id],
    text: id % 5 === 0 ? '' : `é${id} with a text that is long enough to be cut out of a page`,
  })
  return {
    kind: 'items',
    name: 'items',
    options: {},
    bounded: true,
    enumerator: () => ({
      discover: async () => Array.from({ length: splits }, (_, k) => ({ id: `split ${k}`, k })),
    }),
    reader: () => {
      let at = 0
      return {
        open: (split, position) => {
          at = (position as number | undefined) ?? (split.k as number)
        },
        next(): Batch<Item> | undefined {
          const position = at
          const count = Math.min(batch, Math.ceil((records - position) / splits))
          at += count * splits
          if (count <= 0) return undefined
          return { count, position, record: (i) => make(position + i * splits) }
        },
        close: () => {},
      }
    },
  }
}

const SENTENCE = 'of a sentence that is so long that nobody would take it for a key of anything'

/** Each has the number in it, and no other. */
function keyOf(n: number, kind: KeyKind): Key {
  switch (kind) {
    case 'numbers':
      return n
    case 'texts':
      return `key ${n}`
    case 'slices':
      return `${n} ${SENTENCE}`.slice(0, 20)
    case 'long':
      return `${SENTENCE} ${n}`
    case 'wide':
      return `鍵${n}\ud800`
    case 'mixed':
      return n % 5 === 4 ? n : keyOf(n, (['texts', 'slices', 'long', 'wide'] as const)[n % 4]!)
  }
}

/** The number of a key. */
export function numberOf(key: Key): number {
  return typeof key === 'number' ? key : Number(/\d+/.exec(key)![0])
}

function behind(stream: Stream<Item>, stage: Stage, index: number): Stream<Item> {
  switch (stage.kind) {
    case 'lists':
      return lists(stream, stage.set)
    case 'entries':
      return entries(stream, stage.set)
    case 'numbers':
      return numbers(stream, stage.set)
    case 'queue':
      return queue(stream)
    case 'seldom':
      return seldom(stream)
    case 'received':
      return received(stream)
    case 'twice':
      return twice(stream)
    case 'sides':
      return sides(stream, index)
    case 'rebalance':
      return stream.map((item) => item).chain('start')
    case 'aggregate':
      return aggregated(stream)
    case 'reduce':
      return reduced(stream, stage.how)
    case 'reminders':
      return reminders(stream, stage.inMs)
    case 'debounce':
      return debounced(stream, stage.inMs)
    case 'windows':
      return windows(stream, stage, index)
  }
}

/** Changes the array that state holds, and emits that array. */
function lists(stream: Stream<Item>, set: boolean): Stream<Item> {
  return stream.keyBy('key').process({
    state: { ids: value<number[]>() },
    process(item, { state, timers }, emit: Emit<Item>) {
      timers.onEventTime(LAST)
      const ids = state.ids.get()
      if (ids === undefined) {
        const made = [item.id]
        state.ids.set(made)
        made.push(-1)
        return emit({ ...item, tags: made })
      }
      ids.push(item.id)
      if (ids.length > 6) ids.shift()
      if (set) state.ids.set(ids)
      emit({ ...item, tags: ids })
      if (item.n % 11 === 0) state.ids.clear()
    },
    onTimer(_at, { key, state }, emit) {
      emit(left(key, state.ids.get() ?? []))
    },
  })
}

/** Changes entries, and deletes and adds some while it walks over them. */
function entries(stream: Stream<Item>, set: boolean): Stream<Item> {
  return stream.keyBy('key').process({
    state: { seen: map<number, { n: number; ids: number[] }>() },
    process(item, { state, timers }, emit: Emit<Item>) {
      timers.onEventTime(LAST)
      const name = item.n % 5
      const held = state.seen.get(name)
      if (held === undefined) state.seen.set(name, { n: 1, ids: [item.id] })
      else {
        held.n++
        held.ids.push(item.id)
        if (set) state.seen.set(name, held)
      }
      if (item.n % 3 === 0) {
        for (const [other, walked] of state.seen) {
          walked.n += 10
          if (walked.n % 2 === 0) state.seen.delete(other)
          else if (other < 5 && !state.seen.has(other + 100)) state.seen.set(other + 100, walked)
        }
      }
      emit({ ...item, tags: flat(state.seen) })
      if (state.seen.size > 7) state.seen.clear()
    },
    onTimer(_at, { key, state }, emit) {
      emit(left(key, flat(state.seen)))
    },
  })
}

function flat(seen: Iterable<[number, { n: number; ids: number[] }]>): number[] {
  return [...seen].flatMap(([name, { n, ids }]) => [name, n, ids.length, ...ids.slice(-2)])
}

/** Numbers until there is another value among them, by key. */
function numbers(stream: Stream<Item>, mixed: boolean): Stream<Item> {
  return stream.keyBy('key').process({
    state: {
      total: value<number | string>(0),
      seen: value(0),
      run: value(0),
      named: map<number, number>(),
    },
    process(item, { state, timers }, emit: Emit<Item>) {
      timers.onEventTime(LAST)
      const run = state.run.get() + 1
      if (run > 2) state.run.clear()
      else state.run.set(run)
      const name = item.n % 3
      const named = (state.named.get(name) ?? 0) + 1
      if (named > 3) state.named.delete(name)
      else state.named.set(name, named)
      state.seen.set(state.seen.get() + 1)
      const total = state.total.get()
      if (mixed && item.n % 13 === 0) state.total.set(`${total} and more`)
      else if (typeof total === 'number') state.total.set(total + item.n)
      else if (item.n % 7 === 0) state.total.clear()
      const text = String(state.total.get())
      emit({ ...item, n: state.seen.get(), tags: [run, named], text })
    },
    onTimer(_at, { key, state }, emit) {
      emit(left(key, [state.seen.get(), String(state.total.get()).length]))
    },
  })
}

/** Changes what it added, and what the list gives out. */
function queue(stream: Stream<Item>): Stream<Item> {
  return stream.keyBy('key').process({
    state: { waiting: list<Item>() },
    process(item, { state, timers }, emit: Emit<Item>) {
      timers.onEventTime(LAST)
      state.waiting.add(item)
      item.tags.push(-2)
      for (const held of state.waiting) {
        held.n++
        held.tags.push(item.id)
      }
      if (state.waiting.size < 4) return
      for (const held of state.waiting) emit(held)
      state.waiting.clear()
    },
    onTimer(_at, { state }, emit) {
      for (const held of state.waiting) emit(held)
      state.waiting.clear()
    },
  })
}

/** Does one thing alone with each of its states: a change is seen without any look before it. */
function seldom(stream: Stream<Item>): Stream<Item> {
  return stream.keyBy('key').process({
    state: { last: value<number[]>(), all: list<number[]>(), named: map<number, number[]>() },
    process(item, { state, timers }, emit: Emit<Item>) {
      timers.onEventTime(LAST)
      switch ((item.id + item.n) % 6) {
        case 0:
          return void state.last.get()?.push(item.id)
        case 1:
          for (const held of state.all) held.push(item.id)
          return
        case 2:
          for (const [, held] of state.named) held.push(item.id)
          return
        case 3:
          emit({ ...item, tags: [state.all.size, state.named.size] })
          if (item.id % 2 === 0) state.last.clear()
          else state.all.clear()
          return state.named.delete(item.n % 3)
        default:
          state.last.set([item.id])
          state.all.add([item.id])
          state.named.set(item.n % 3, [item.id])
          emit(item)
      }
    },
    onTimer(_at, { key, state }, emit) {
      const named = [...state.named].flatMap(([name, held]) => [name, ...held])
      emit(left(key, [...(state.last.get() ?? []), -8, ...[...state.all].flat(), -8, ...named]))
    },
  })
}

/** Keeps the record it was given, then changes it. */
function received(stream: Stream<Item>): Stream<Item> {
  return stream.keyBy('key').process({
    state: { last: value<Item>() },
    process(item, { state }, emit: Emit<Item>) {
      const before = state.last.get()
      state.last.set(item)
      item.n += 1_000
      item.tags.push(-3)
      if (before !== undefined) {
        before.text += '!'
        emit(before)
      }
      emit(item)
      item.text = 'changed'
    },
  })
}

/** Changes what it has emitted, and emits it again. */
function twice(stream: Stream<Item>): Stream<Item> {
  return stream
    .flatMap((item) => {
      const both = [item]
      if (item.id % 2 === 0) both.push(item)
      return both
    })
    .process({
      process(item, _ctx, emit: Emit<Item>) {
        emit(item)
        item.n++
        item.tags.push(-4)
        emit(item)
        item.tags.length = 0
      },
    })
    .map((item) => {
      item.tags.push(-5)
      return item
    })
}

function sides(stream: Stream<Item>, index: number): Stream<Item> {
  const odd = output<Item>(`odd ${index}`)
  const all = stream.keyBy('key').process({
    state: { kept: value<Item>() },
    process(item, ctx, emit: Emit<Item>) {
      const kept = ctx.state.kept.get()
      if (kept !== undefined) {
        kept.n++
        ctx.emitTo(odd, kept)
      }
      if (kept === undefined || item.n % 2 === 1) ctx.state.kept.set(item)
      emit(item)
    },
  })
  all.sideOutput(odd).collect(`sides ${index}`)
  all
    .union(
      all.sideOutput(odd).map((item) => {
        item.tags.push(-6)
        return item
      }),
    )
    .collect(`both ${index}`)
  return all
}

function reduced(stream: Stream<Item>, how: 'change' | 'make' | 'take'): Stream<Item> {
  return stream.keyBy('key').reduce((held, item) => {
    if (how === 'make') return { ...item, n: held.n + item.n, tags: [...held.tags, item.id] }
    if (how === 'take') {
      item.tags.push(...held.tags.slice(-3))
      return item.n % 2 === 0 ? item : held
    }
    held.n += item.n
    held.tags.push(item.id)
    return held
  })
}

const ids = {
  create: (): { ids: number[] } => ({ ids: [] }),
  add: (held: { ids: number[] }, item: Item) => {
    held.ids.push(item.id, ...item.tags.splice(0, 1))
    return held
  },
  result: (held: { ids: number[] }) => held.ids,
}

function aggregated(stream: Stream<Item>): Stream<Item> {
  return stream
    .keyBy('key')
    .aggregate({
      seen: count(),
      total: sum('n'),
      least: min('n'),
      most: max('n'),
      opening: first('tags'),
      closing: last((item) => item),
      ids,
    })
    .map(({ key, seen, total, least, most, opening, closing, ids }) => {
      const tags = [seen, least ?? -1, most ?? -1, ...opening, ...ids]
      return { ...closing, key, n: total, tags }
    })
}

/** One timer a record, which gives what was waiting for its time, whenever it fires. */
function reminders(stream: Stream<Item>, inMs: number): Stream<Item> {
  return stream.keyBy('key').process({
    state: { waiting: map<number, Item[]>() },
    process(item, { state, timers, time }) {
      const at = time + inMs
      const waiting = state.waiting.get(at)
      if (waiting === undefined) state.waiting.set(at, [item])
      else waiting.push(item)
      timers.onEventTime(at)
      if (item.n % 9 !== 0) return
      // Puts it off, which a timer set twice and deleted once must bear.
      timers.deleteEventTime(at)
      timers.onEventTime(at)
    },
    onTimer(at, { state }, emit: Emit<Item>) {
      for (const item of state.waiting.get(at) ?? []) emit(item)
      state.waiting.delete(at)
    },
  })
}

/** Emits what came until nothing came for a while: each record puts the timer off. */
function debounced(stream: Stream<Item>, inMs: number): Stream<Item> {
  return stream.keyBy('key').process({
    state: { due: value(-1), items: value<Item[]>([]) },
    process(item, { state, timers, time }, emit: Emit<Item>) {
      const due = Math.max(state.due.get(), time + inMs)
      timers.deleteEventTime(state.due.get())
      timers.onEventTime(due)
      state.due.set(due)
      const items = state.items.get()
      items.push(item)
      state.items.set(items)
      if (items.length < 9) return
      timers.deleteEventTime(due)
      emit({ ...item, tags: items.map(({ id }) => id) })
      state.items.clear()
    },
    onTimer(at, { key, state, watermark }, emit) {
      const items = state.items.get()
      const reached = Number.isFinite(watermark) ? watermark : -1
      emit(left(key, [at, reached, ...items.map(({ id }) => id)]))
      state.items.clear()
    },
  })
}

function windows(
  stream: Stream<Item>,
  stage: Extract<Stage, { kind: 'windows' }>,
  index: number,
): Stream<Item> {
  const late = output<Item>(`late ${index}`)
  const windowed = stream
    .keyBy('key')
    .window(tumbling(stage.sizeMs))
    .allowedLateness(stage.latenessMs)
    .lateTo(late)
  if (stage.hold === 'records') {
    const all = windowed.process((key, { start, end }, items, emit: Emit<Item>) => {
      const held = items as Item[]
      for (const item of held) item.tags.push(-7)
      emit(left(key, [start, end, ...held.flatMap(({ id, n, tags }) => [id, n, ...tags])]))
      held.length = 0
    })
    all.sideOutput(late).collect(`late ${index}`)
    return all
  }
  const spec = { seen: count(), total: sum('n'), closing: last('text') }
  if (stage.hold === 'aggregates') {
    const all = windowed.aggregate(spec)
    all.sideOutput(late).collect(`late ${index}`)
    return all.map(({ key, window, seen, total, closing }) => {
      return { ...left(key, [window.start, seen, total]), text: closing }
    })
  }
  const all = windowed.aggregate({ ...spec, ids })
  all.sideOutput(late).collect(`late ${index}`)
  return all.map(({ key, window, seen, total, closing, ids }) => {
    return { ...left(key, [window.start, seen, total, ...ids]), text: closing }
  })
}

/** What tells of a key and no record of it. */
function left(key: Key, tags: readonly number[]): Item {
  return { id: -1, key, at: 0, n: tags.length, tags: [...tags], text: '' }
}
