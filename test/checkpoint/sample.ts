/** A small checkpoint, with something of everything. */
import type { CheckpointMetadata } from '../../src/checkpoint/metadata.ts'
import type { StateFile } from '../../src/protocol/snapshot.ts'
import type { StateChunk } from '../../src/state/snapshot-contract.ts'
import { packStateFile } from '../../src/state/state-file.ts'
import { checksumOf } from '../../src/storage/checksum.ts'
import type { BlobStore } from '../../src/storage/contract.ts'

export function sampleMetadata(
  checkpointId: number,
  files: readonly StateFile[] = [],
  inFlight?: readonly StateFile[],
): CheckpointMetadata {
  return {
    recordsWritten: 12,
    checkpointId,
    kind: 'checkpoint',
    lineage: '5f0c',
    jobName: 'words',
    attempt: 2,
    triggeredMs: 1_700_000_000_000,
    completedMs: 1_700_000_000_040,
    engine: '0.1.0',
    vertices: [
      {
        vertexId: 'b'.repeat(32),
        name: 'count -> out',
        parallelism: 1,
        maxParallelism: 128,
        operators: [
          { operatorId: 'b'.repeat(32), name: 'count', uid: 'count', kind: 'process' },
          { operatorId: 'c'.repeat(32), name: 'out', kind: 'sink' },
        ],
        inputs: [{ edge: 0, fromOperatorId: 'a'.repeat(32), input: 0, producerParallelism: 2 }],
        tasks: [
          {
            operators: [
              {
                operatorId: 'b'.repeat(32),
                lists: [{ name: 'offsets', items: [new Uint8Array([0, 7])] }],
                own: { late: -0, seen: new Map([['x', 1n]]) },
              },
            ],
            sinks: [
              {
                checkpointId,
                operatorId: 'c'.repeat(32),
                committables: [{ from: '.part', bytes: 12 }],
              },
            ],
            recordsSunk: 7,
            watermarkMs: 1_600_000_000_000,
            channels: [
              { edge: 0, producer: 0, watermarkMs: Number.NEGATIVE_INFINITY, idle: true },
              { edge: 0, producer: 1, watermarkMs: 1_699_999_999_999, idle: false },
            ],
            files,
            ...(inFlight === undefined ? {} : { inFlight }),
          },
        ],
      },
    ],
    sources: [
      {
        operatorId: 'a'.repeat(32),
        splits: [{ split: { id: 'file:3', bytes: 90 }, order: 3, read: 0, watermarkMs: 5 }],
        discovered: true,
      },
    ],
    committables: [
      { checkpointId: 4, operatorId: 'c'.repeat(32), committables: [{ from: '.older' }] },
    ],
    shapes: [],
  }
}

export const sampleChunk: StateChunk = {
  sections: [{ operatorId: 'b'.repeat(32), name: 'total', kind: 'value', detail: '' }],
  parts: Array.from({ length: 4 }, (_, keyGroup) => {
    return { section: 0, keyGroup, entries: 2, bytes: new Uint8Array(30).fill(keyGroup) }
  }),
}

/** Writes a state file; the handle goes into the metadata. */
export async function writeSampleFile(store: BlobStore, name: string): Promise<StateFile> {
  const parts = packStateFile(sampleChunk, { compress: false })
  await store.put(name, parts)
  const bytes = parts.reduce((sum, { length }) => sum + length, 0)
  return { kind: 'blob', blob: { name, bytes, crc32: checksumOf(parts) } }
}
