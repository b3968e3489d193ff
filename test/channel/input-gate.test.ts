import { expect, test } from 'vitest'
import { InputGate } from '../../src/channel/input-gate.ts'
import { channelPair } from './harness.ts'

function gateOf(channels: number) {
  const pairs = Array.from({ length: channels }, () => channelPair())
  const gate = new InputGate(pairs.map((pair) => pair.input))
  const send = (channel: number, ...values: number[]) => {
    for (const n of values) pairs[channel]!.output.write({ n }, 0)
    pairs[channel]!.output.publish()
  }
  const read = () => {
    const channel = gate.next()
    if (channel === undefined) return undefined
    const { n } = channel.reader.record(channel.cursor) as { n: number }
    channel.advance(channel.cursor + 1)
    return n
  }
  const readAll = () => {
    const values: number[] = []
    for (let n = read(); n !== undefined; n = read()) values.push(n)
    return values
  }
  return { pairs, gate, send, read, readAll }
}

test('an empty gate has nothing, now and ever', () => {
  const gate = new InputGate([])
  expect(gate.next()).toBeUndefined()
  expect(gate.ready()).toBe(false)
})

test('channels take turns page by page', () => {
  const { send, readAll } = gateOf(3)
  send(0, 1, 2)
  send(0, 3)
  send(1, 10, 11)
  send(1, 12)
  send(2, 20)
  expect(readAll()).toEqual([10, 11, 20, 1, 2, 12, 3])
})

test('a channel that always has pages starves nobody', () => {
  const { send, read } = gateOf(2)
  const seen: (number | undefined)[] = []
  for (let k = 0; k < 6; k++) {
    send(0, k)
    if (k < 3) send(1, 100 + k)
    seen.push(read())
  }
  expect(seen).toEqual([100, 0, 101, 1, 102, 2])
})

test('a blocked channel is left alone until it is free again, in the middle of a page too', () => {
  const { pairs, gate, send, read, readAll } = gateOf(2)
  send(0, 1, 2)
  expect(read()).toBe(1)
  pairs[0]!.input.blocked = true
  expect(gate.ready()).toBe(false)
  expect(read()).toBeUndefined()
  send(1, 10)
  expect(gate.ready()).toBe(true)
  expect(readAll()).toEqual([10])
  pairs[0]!.input.blocked = false
  expect(gate.ready()).toBe(true)
  expect(readAll()).toEqual([2])
})

test('a gate of a thousand channels finds the one that has something', () => {
  const { gate, send, readAll } = gateOf(1024)
  expect(gate.ready()).toBe(false)
  send(777, 7)
  expect(gate.ready()).toBe(true)
  expect(readAll()).toEqual([7])
})
