/**
 * Which channel a record takes, as source text: every edge is compiled to a function of its own,
 * so that the calls in it see one shape of record and one codec, and inline.
 * Threads: the producing task.
 */
import { SluiceError } from '../base/errors.ts'
import { APPENDED } from '../codec/page.ts'
import { CODE_BITS, CODE_MASK } from './key-codes.ts'

/** How an edge's key is found: by a field's name or by a function. */
export type RoutingKey =
  | { readonly field: string }
  // biome-ignore lint/suspicious/noExplicitAny: a user's function of any record type
  | { readonly fn: (record: any) => unknown }

export type Routing =
  | { readonly kind: 'forward' | 'rebalance' | 'rescale' | 'broadcast' | 'global' }
  | { readonly kind: 'hash'; readonly key: RoutingKey }
  | {
      readonly kind: 'custom'
      readonly key: RoutingKey
      /** Gives the channel's index. */
      // biome-ignore lint/suspicious/noExplicitAny: a user's function of any key type
      readonly choose: (key: any, channels: number) => number
    }

export type RoutingKind = Routing['kind']

/**
 * The body of `write(record, timeMs)`. In scope: `channels` and their number `n`, `append` as
 * `appendSource` has it; for hash `byGroup` and `groupOf`, and for one by a field `codes` and
 * `spelling`, for custom `choose`, for a key function `keyOf`; `turn` is a variable of the edge.
 */
export function routeSource(routing: Routing, channels: number): string {
  if (routing.kind === 'broadcast') {
    return `for (let k = 0; k < n; k++) ${appendSource('channels[k]')}`
  }
  if (routing.kind === 'custom') {
    return appendSource(`channels[choose(${keySource(routing.key)}, n)]`)
  }
  if (routing.kind === 'hash' && 'field' in routing.key) {
    return codedSource(keySource(routing.key), channels)
  }
  if (channels === 1 || routing.kind === 'global') return appendSource('only')
  if (routing.kind === 'hash') {
    return appendSource(`byGroup[groupOf(${keySource(routing.key)})]`)
  }
  return `turn = turn + 1 === n ? 0 : turn + 1
    ${appendSource('channels[turn]')}`
}

/**
 * A key that has a place is found without a call; `KeyCodes.add` takes the others. One without a
 * number is read where it is routed, `groupOf` does it too, so that it can be spelled.
 */
function codedSource(key: string, channels: number): string {
  const known = `const key = ${key}
    const place = codes.isOn && typeof key === 'string' ? codes.places.get(key) : undefined`
  const take = `codes.current = place & ${CODE_MASK}`
  if (channels === 1) {
    return `${known}
    if (place !== undefined) ${take}
    else if (!(codes.isOn && codes.add(key)) && spelling.isOn && typeof key === 'string') {
      spelling.read(key)
    }
    ${appendSource('only')}`
  }
  return `${known}
    let to
    if (place !== undefined) {
      ${take}
      to = channels[place >> ${CODE_BITS}]
    } else to = codes.isOn && codes.add(key) ? channels[codes.channel] : byGroup[groupOf(key)]
    ${appendSource('to')}`
}

/** The user's choice, checked. Throws BAD_PARTITION. */
export function checkedChoice(
  choose: (key: unknown, channels: number) => number,
): (key: unknown, channels: number) => number {
  return (key, channels) => {
    const chosen = choose(key, channels)
    if (Number.isInteger(chosen) && chosen >= 0 && chosen < channels) return chosen
    throw new SluiceError(
      'BAD_PARTITION',
      `a partitioner chose channel ${String(chosen)} of ${channels}`,
      { hint: `return an integer from 0 to ${channels - 1}` },
    )
  }
}

function appendSource(channel: string): string {
  return `{
      const channel = ${channel}
      const writer = channel.writer
      if (writer === undefined || writer.append(record, timeMs) !== ${APPENDED}) {
        channel.overflow(record, timeMs)
      }
    }`
}

function keySource(key: RoutingKey): string {
  return 'field' in key ? `record[${JSON.stringify(key.field)}]` : 'keyOf(record)'
}
