/**
 * The channels of a task with nothing but a script in them. A blocked channel keeps what comes;
 * what is processed, and where the snapshots fall, is the result.
 */
import type { Reached } from '../../src/barrier/alignment.ts'
import { Alignment } from '../../src/barrier/alignment.ts'
import type { Barrier, BarrierKind } from '../../src/channel/barrier.ts'

/** A number is a barrier, a string a record; `abort` comes from the coordinator. */
export type Step = readonly [channel: number, item: string | number] | readonly ['abort', number]

export function deliver(
  channels: number,
  script: readonly Step[],
  kind: BarrierKind | ((checkpointId: number) => BarrierKind) = 'aligned',
): string[] {
  const task = new ScriptedTask(channels, typeof kind === 'string' ? () => kind : kind)
  for (const [to, item] of script) {
    if (to === 'abort') task.abort(item)
    else task.put(to, item)
    task.run()
  }
  return task.seen
}

export class ScriptedTask {
  /** Records, and 'snapshot n'. */
  readonly seen: string[] = []
  readonly alignment: Alignment
  readonly #queues: (string | number)[][]
  readonly #blocked: boolean[]
  readonly #kindOf: (checkpointId: number) => BarrierKind
  #nowMs = 0

  constructor(channels: number, kindOf: (checkpointId: number) => BarrierKind) {
    this.alignment = new Alignment(channels)
    this.#kindOf = kindOf
    this.#queues = Array.from({ length: channels }, () => [])
    this.#blocked = this.#queues.map(() => false)
  }

  /** Items that are not processed. */
  get waiting(): number {
    return this.#queues.flat().length
  }

  put(channel: number, item: string | number): void {
    this.#nowMs++
    if (typeof item === 'number') this.alignment.announced(this.#barrier(item), this.#now())
    this.#queues[channel]!.push(item)
  }

  abort(checkpointId: number): void {
    this.#nowMs++
    for (const k of this.alignment.aborted(checkpointId)) this.#blocked[k] = false
  }

  /** Takes barriers off that nobody waits for, as a gate does. */
  drop(checkpointId: number): void {
    for (const queue of this.#queues) {
      const at = queue.indexOf(checkpointId)
      if (at >= 0) queue.splice(at, 1)
    }
  }

  /** Processes all that can be. */
  run(): void {
    while (this.#queues.some((_, channel) => this.step(channel))) {}
  }

  /** Processes one item of the channel; false if there is none, or it has to wait. */
  step(channel: number): boolean {
    if (this.#blocked[channel]) return false
    const item = this.#queues[channel]!.shift()
    if (item === undefined) return false
    if (typeof item === 'string') this.seen.push(item)
    else this.#obey(channel, this.alignment.reached(channel, this.#barrier(item), this.#now()))
    return true
  }

  #obey(channel: number, { block, cuts, unblock }: Reached): void {
    this.#blocked[channel] = block
    for (const { barrier } of cuts) this.seen.push(`snapshot ${barrier.checkpointId}`)
    for (const k of unblock) this.#blocked[k] = false
  }

  #barrier(checkpointId: number): Barrier {
    return barrierOf(checkpointId, this.#kindOf(checkpointId))
  }

  #now() {
    return { nowMs: this.#nowMs, monotonicMs: this.#nowMs, bytesTaken: 0 }
  }
}

export function barrierOf(checkpointId: number, kind: BarrierKind = 'aligned'): Barrier {
  const rules = { kind, alignedTimeoutMs: 0, channelStateBytesMax: 0 }
  return { ...rules, checkpointId, triggeredMs: checkpointId * 10 }
}
