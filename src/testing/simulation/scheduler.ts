/**
 * Decides what happens next in a simulated process: a step of a thread, a message's arrival, an
 * operation, a timer, or that time passes. Some of them are held up for a while, so that others
 * overtake them by far. In the middle of a thread's act it lets others act.
 * Threads: the caller's.
 */
import type { Prng } from '../../base/prng.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import type { SimulatedThread } from './simulated-thread.ts'

export interface SchedulerOptions {
  readonly random: Prng
  /** Accesses to shared words between two at which another thread acts, on average. */
  readonly wordsAPreemption: number
  /** Of eight picks so many are among what is no step of a thread, where there is any. */
  readonly eventsOfEight: number
  readonly trace: (what: string) => void
}

type Choice =
  | { readonly kind: 'thread' | 'message' | 'mail'; readonly thread: SimulatedThread }
  | { readonly kind: 'operation'; readonly index: number }
  | { readonly kind: 'timer' }

/** 'settled': promises may have something to do. 'nothing': nothing is left, now or ever. */
export type Stepped = 'done' | 'settled' | 'nothing'

const STEPS_A_MS = 3
const DEPTH_MAX = 3
const NESTED_ACTS_MAX = 8
const CLOG_EVERY = 60
const CLOG_STEPS_MAX = 240
/** As many picks may hit what is held up before one of those is taken after all. */
const PICKS_MAX = 4

export class Scheduler {
  steps = 0
  preemptions = 0
  process: SimulatedProcess | undefined
  readonly #options: SchedulerOptions
  readonly #clogged = new Map<SimulatedThread, number>()
  #untilPreemption: number
  /** Steps for which time has passed. */
  #stepsTimed = 0
  #depth = 0
  /** Reused: whoever can act is found anew at each step. */
  readonly #awake: SimulatedThread[] = []
  readonly #talking: SimulatedThread[] = []
  readonly #expecting: SimulatedThread[] = []

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#untilPreemption = this.#gap()
  }

  step(): Stepped {
    const process = this.process!
    const { random } = this.#options
    const total = this.#look(process)
    // Nothing is drawn while promises of the system's are waited for: they take their time.
    if (total === 0) return this.#passTime(process)
    this.steps++
    // Also for the steps that threads took in the middle of others.
    const taken = this.steps - this.#stepsTimed
    this.#stepsTimed = this.steps
    process.clock.advance(Math.floor((taken + random.below(STEPS_A_MS)) / STEPS_A_MS))
    if (random.below(CLOG_EVERY) === 0) this.#clog(process)
    const choice = this.#choose(total, process.operations.length)
    this.#do(choice, process)
    return choice.kind !== 'thread' || choice.thread.awaitsPromise ? 'settled' : 'done'
  }

  /** Called before each access to a shared word. */
  readonly point = (): void => {
    if (--this.#untilPreemption > 0 || this.#depth >= DEPTH_MAX) return
    this.#untilPreemption = this.#gap()
    const process = this.process
    if (process === undefined) return
    this.#depth++
    try {
      this.#preempt(process)
    } finally {
      this.#depth--
    }
  }

  /** Calls it while nobody else acts. */
  undisturbed<T>(action: () => T): T {
    const depth = this.#depth
    this.#depth = DEPTH_MAX
    try {
      return action()
    } finally {
      this.#depth = depth
    }
  }

  #gap(): number {
    const { random, wordsAPreemption } = this.#options
    return 1 + random.below(2 * wordsAPreemption)
  }

  #preempt(process: SimulatedProcess): void {
    const awake = process.threads.filter((thread) => thread.isAwake)
    if (awake.length === 0) return
    const { random, trace } = this.#options
    // Mostly few; sometimes enough for the other to come by a whole barrier and its next page.
    const acts = 1 + random.below(random.below(2) === 0 ? NESTED_ACTS_MAX : 3)
    const thread = awake[random.below(awake.length)]!
    this.preemptions++
    for (let k = 0; k < acts && thread.isAwake; k++) {
      this.steps++
      trace(thread.nested)
      thread.act()
    }
  }

  /** Returns how many there are to choose from. */
  #look(process: SimulatedProcess): number {
    const awake = this.#awake
    const talking = this.#talking
    const expecting = this.#expecting
    awake.length = 0
    talking.length = 0
    expecting.length = 0
    for (const thread of process.threads) {
      if (thread.isAwake) awake.push(thread)
      if (thread.sent.length > 0) talking.push(thread)
      if (thread.hasLateMail) expecting.push(thread)
    }
    const threads = awake.length + talking.length + expecting.length
    return threads + process.operations.length + (process.hasDueTimer ? 1 : 0)
  }

  #choose(total: number, operations: number): Choice {
    for (let picks = 1; ; picks++) {
      const choice = this.#at(this.#pick(total), operations)
      if (picks === PICKS_MAX || !('thread' in choice)) return choice
      if ((this.#clogged.get(choice.thread) ?? 0) <= this.steps) return choice
    }
  }

  /** Threads come first. A checkpoint takes many operations, one behind the other. */
  #pick(total: number): number {
    const { random, eventsOfEight } = this.#options
    const threads = this.#awake.length
    const isMixed = threads > 0 && threads < total
    if (!isMixed || random.below(8) >= eventsOfEight) return random.below(total)
    return threads + random.below(total - threads)
  }

  #at(index: number, operations: number): Choice {
    const awake = this.#awake
    const talking = this.#talking
    const expecting = this.#expecting
    if (index < awake.length) return { kind: 'thread', thread: awake[index]! }
    const rest = index - awake.length
    if (rest < talking.length) return { kind: 'message', thread: talking[rest]! }
    const late = rest - talking.length
    if (late < expecting.length) return { kind: 'mail', thread: expecting[late]! }
    const left = late - expecting.length
    return left < operations ? { kind: 'operation', index: left } : { kind: 'timer' }
  }

  #do(choice: Choice, process: SimulatedProcess): void {
    const { trace } = this.#options
    switch (choice.kind) {
      case 'thread':
        trace(choice.thread.name)
        return choice.thread.act()
      case 'message':
        trace(choice.thread.message)
        return choice.thread.deliver()
      case 'mail':
        trace(choice.thread.mail)
        return choice.thread.receiveLate()
      case 'operation':
        trace('operation')
        return process.operations.splice(choice.index, 1)[0]!()
      case 'timer':
        trace('timer')
        return process.fireTimer()
    }
  }

  #passTime(process: SimulatedProcess): Stepped {
    const dueMs = process.nextDueMs
    if (dueMs === Number.POSITIVE_INFINITY) return 'nothing'
    process.clock.advance(Math.max(0, dueMs - process.clock.nowMs()))
    return 'done'
  }

  #clog({ threads }: SimulatedProcess): void {
    if (threads.length === 0) return
    const { random } = this.#options
    const thread = threads[random.below(threads.length)]!
    this.#clogged.set(thread, this.steps + random.below(CLOG_STEPS_MAX))
  }
}
