/**
 * Which subtasks an exchange connects, as Flink connects them: a pure function of the kind and the
 * two parallelisms.
 */
import { assert } from '../base/assert.ts'
import type { RoutingKind } from './partitioner.ts'

export interface Connection {
  readonly producer: number
  readonly consumer: number
}

/**
 * The channels of one edge, ordered by producer, then by consumer. Forward needs equal
 * parallelism. Rescale connects neighbours: each consumer (or each producer, if there are more of
 * them) with a contiguous range of the others. All other kinds connect everybody.
 */
export function connect(
  kind: RoutingKind,
  producers: number,
  consumers: number,
): readonly Connection[] {
  assert(producers >= 1 && consumers >= 1, `an edge from ${producers} to ${consumers} subtasks`)
  if (kind === 'forward') {
    assert(producers === consumers, `forward from ${producers} to ${consumers} subtasks`)
  }
  const pointwise = kind === 'forward' || kind === 'rescale'
  return range(0, producers).flatMap((producer) =>
    (pointwise ? neighbours(producer, producers, consumers) : range(0, consumers)).map(
      (consumer) => ({ producer, consumer }),
    ),
  )
}

function neighbours(producer: number, producers: number, consumers: number): readonly number[] {
  if (producers < consumers) {
    const first = Math.ceil((producer * consumers) / producers)
    return range(first, Math.ceil(((producer + 1) * consumers) / producers))
  }
  // Consumer c reads the producers [floor(c * P / C), floor((c + 1) * P / C)).
  return [Math.ceil(((producer + 1) * consumers) / producers) - 1]
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, k) => from + k)
}
