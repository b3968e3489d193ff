import { expect, test } from 'vitest'
import type { Cut } from '../../src/barrier/cut.ts'
import { InFlight } from '../../src/barrier/in-flight.ts'
import { ChannelCapture } from '../../src/channel/channel-capture.ts'
import { CodedTexts } from '../../src/codec/coded-texts.ts'
import { PendingSnapshot } from '../../src/task/pending-snapshot.ts'

function pendingWith(inFlightBytes: number): PendingSnapshot {
  const capture = new ChannelCapture(7)
  capture.add({ bytes: new Uint8Array(inFlightBytes), texts: new CodedTexts() })
  const inFlight = new InFlight({
    channels: [{ index: 0, capture }],
    drop: () => {},
    bytesTaken: () => 0,
  })
  const pending = new PendingSnapshot({
    cut: { barrier: { checkpointId: 7 } } as Cut,
    operators: [],
    recordsSunk: 0,
    input: { channels: [], watermarkMs: 0, inFlight },
    walks: [],
    chunks: [],
    packsAfterMs: 3,
  })
  pending.endSync(10, 12)
  return pending
}

test('in-flight data is put off for some milliseconds: barriers of other tasks come first', () => {
  expect(pendingWith(8).packDueMs).toBe(15)
})

test('a snapshot without in-flight data puts nothing off', () => {
  expect(pendingWith(0).packDueMs).toBe(0)
})
