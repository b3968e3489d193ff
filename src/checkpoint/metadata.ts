/**
 * `_metadata`: everything of a checkpoint except large state, which it names. A checkpoint is
 * completed by publishing it.
 * Threads: main.
 */
import { ValueCodec } from '../codec/blob.ts'
import type { PreparedCommittables } from '../protocol/messages.ts'
import type { SplitProgress, TaskSnapshot } from '../protocol/snapshot.ts'
import { checksumOf } from '../storage/checksum.ts'
import { checkpointDamaged, checkpointVersion } from '../storage/storage-errors.ts'

export interface CheckpointMetadata {
  readonly checkpointId: number
  readonly kind: 'checkpoint'
  /** Of the job that took it: with the id it says what sinks may commit. */
  readonly lineage: string
  readonly jobName: string
  readonly attempt: number
  readonly triggeredMs: number
  readonly completedMs: number
  /** Whether any task's snapshot was. Absent if none was. */
  readonly unaligned?: true
  /** Records that sinks were given up to the cut, over all attempts. */
  readonly recordsWritten: number
  /** Version of the engine that wrote it, for people. */
  readonly engine: string
  readonly vertices: readonly VertexMetadata[]
  readonly sources: readonly SourceMetadata[]
  /** What sinks have handed over up to this checkpoint and was not known to be committed. */
  readonly committables: readonly PendingCommittables[]
  /** Descriptors of shapes. None: in-flight data have theirs beside them. */
  readonly shapes: readonly unknown[]
}

export interface VertexMetadata {
  readonly vertexId: string
  readonly name: string
  readonly parallelism: number
  readonly maxParallelism: number
  readonly operators: readonly OperatorMetadata[]
  /** Edges into it, so that its tasks' channels can be told apart in another job graph. */
  readonly inputs: readonly EdgeMetadata[]
  /** One a subtask. */
  readonly tasks: readonly TaskSnapshot[]
}

interface OperatorMetadata {
  readonly operatorId: string
  readonly name: string
  readonly uid?: string | undefined
  readonly kind: string
}

export interface EdgeMetadata {
  /** As in `ChannelSnapshot.edge`. */
  readonly edge: number
  readonly fromOperatorId: string
  readonly sideOutput?: string | undefined
  readonly input: number
  /** Of the producing vertex: so many channels a consumer may have. */
  readonly producerParallelism: number
  /** How it dealt records out; absent in checkpoints without in-flight data. */
  readonly kind?: string
  /** The field that it dealt them out by, if one was named. */
  readonly keyField?: string | undefined
}

/** The coordinator's part of a source. */
export interface SourceMetadata {
  readonly operatorId: string
  /** Found, or given back, and assigned to no task. */
  readonly splits: readonly SplitProgress[]
  /** No split will be found that is not here or at a task. */
  readonly discovered: boolean
}

/** What is handed over and not known to be committed. */
export type PendingCommittables = PreparedCommittables

//  0       8         12       16      20
//  | magic | version | length | crc32 | body ... |
//  length: of the body; crc32: of version, length and body
const MAGIC = new TextEncoder().encode('SluiceCM')
const VERSION = 1
/**
 * With in-flight data, which an engine that knows only the first would leave out. In version 2 each
 * of its pages was a block; an engine that expects that would leave out all but the first of one.
 */
const VERSION_IN_FLIGHT = 3
const VERSION_BYTE = 8
const LENGTH_BYTE = 12
const CRC_BYTE = 16
const BODY_BYTE = 20

export function encodeMetadata(metadata: CheckpointMetadata): Uint8Array {
  const body = new ValueCodec().encode(metadata)
  const bytes = new Uint8Array(BODY_BYTE + body.length)
  const view = new DataView(bytes.buffer)
  bytes.set(MAGIC)
  view.setUint32(VERSION_BYTE, versionOf(metadata), true)
  view.setUint32(LENGTH_BYTE, body.length, true)
  bytes.set(body, BODY_BYTE)
  view.setUint32(CRC_BYTE, checksumOfEnvelope(bytes), true)
  return bytes
}

/** Throws CHECKPOINT_DAMAGED or CHECKPOINT_VERSION; `place` names the file in them. */
export function decodeMetadata(bytes: Uint8Array, place: string): CheckpointMetadata {
  const { version, body } = openEnvelope(bytes, place)
  if (version < VERSION || version > VERSION_IN_FLIGHT) {
    throw checkpointVersion(place, version, VERSION_IN_FLIGHT)
  }
  return new ValueCodec().decode(body, 0, body.length) as CheckpointMetadata
}

function versionOf({ vertices }: CheckpointMetadata): number {
  const hasInFlight = vertices.some(({ tasks }) =>
    tasks.some((task) => task.inFlight !== undefined),
  )
  return hasInFlight ? VERSION_IN_FLIGHT : VERSION
}

function openEnvelope(bytes: Uint8Array, place: string) {
  if (bytes.length < BODY_BYTE) {
    throw checkpointDamaged(place, `has ${bytes.length} bytes: too few for metadata`)
  }
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) {
    throw checkpointDamaged(place, "does not begin as a checkpoint's metadata")
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, BODY_BYTE)
  const expected = BODY_BYTE + view.getUint32(LENGTH_BYTE, true)
  if (bytes.length !== expected) {
    throw checkpointDamaged(place, `has ${bytes.length} bytes where it tells of ${expected}`)
  }
  if (checksumOfEnvelope(bytes) !== view.getUint32(CRC_BYTE, true)) {
    throw checkpointDamaged(place, 'does not match its checksum')
  }
  return { version: view.getUint32(VERSION_BYTE, true), body: bytes.subarray(BODY_BYTE) }
}

function checksumOfEnvelope(bytes: Uint8Array): number {
  return checksumOf([bytes.subarray(VERSION_BYTE, CRC_BYTE), bytes.subarray(BODY_BYTE)])
}
