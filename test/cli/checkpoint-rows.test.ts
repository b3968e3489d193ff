import { expect, test } from 'vitest'
import { SluiceError } from '../../src/base/errors.ts'
import type { ListedCheckpoint } from '../../src/checkpoint/retained-checkpoints.ts'
import { rowOf, rowsText } from '../../src/cli/checkpoint-rows.ts'
import { sampleMetadata } from '../checkpoint/sample.ts'

const blobs = [
  { name: 'chk-7/_metadata', bytes: 1_000 },
  { name: 'chk-7/state-0', bytes: 20_000 },
  { name: 'chk-77/state-0', bytes: 5 },
]
const completed: ListedCheckpoint = { id: 7, name: 'chk-7', metadata: sampleMetadata(7) }
const incomplete = unusable(77, new SluiceError('BLOB_MISSING', 'there is no chk-77/_metadata'))
const damaged = unusable(8, new SluiceError('CHECKPOINT_DAMAGED', 'chk-8/_metadata is damaged'))

test('a completed checkpoint is told with its time, size and parallelism', () => {
  expect(rowOf(completed, blobs)).toEqual({
    id: 7,
    status: 'completed',
    completedAt: '2023-11-14T22:13:20.040Z',
    durationMs: 40,
    bytes: 21_000,
    files: 2,
    unaligned: false,
    parallelism: 1,
  })
})

test('an unaligned one tells what was in flight', () => {
  const metadata = sampleMetadata(7)
  const [vertex] = metadata.vertices
  const tasks = vertex!.tasks.map((task) => ({
    ...task,
    channels: task.channels.map((channel) => ({ ...channel, inFlightBytes: 40_000 })),
  }))
  const found = { ...metadata, unaligned: true as const, vertices: [{ ...vertex!, tasks }] }
  const row = rowOf({ id: 7, name: 'chk-7', metadata: found }, blobs)
  expect(row).toMatchObject({ unaligned: true, inFlightBytes: 80_000 })
  expect(rowsText([row])).toMatch(/bytes {2}in flight .*\n.* 21,000 {5}80,000/)
})

test('one without metadata is incomplete, one that cannot be read says why', () => {
  expect(rowOf(incomplete, blobs)).toEqual({ id: 77, status: 'incomplete', bytes: 5, files: 1 })
  expect(rowOf(damaged, blobs)).toEqual({
    id: 8,
    status: 'unreadable',
    bytes: 0,
    files: 0,
    error: { code: 'CHECKPOINT_DAMAGED', message: 'chk-8/_metadata is damaged' },
  })
})

test('rows are columns, and reasons stand below', () => {
  const rows = [incomplete, damaged, completed].map((one) => rowOf(one, blobs))
  expect(rowsText(rows)).toBe(
    [
      'id  status      completed at              duration   bytes  in flight  files  parallelism',
      '77  incomplete  -                                -       5          -      1            -',
      ' 8  unreadable  -                                -       0          -      0            -',
      ' 7  completed   2023-11-14T22:13:20.040Z     40 ms  21,000          -      2            1',
      'chk-8: CHECKPOINT_DAMAGED: chk-8/_metadata is damaged',
    ].join('\n'),
  )
})

function unusable(id: number, error: SluiceError): ListedCheckpoint {
  return { id, name: `chk-${id}`, error }
}
