/**
 * Whose output a directory holds. A job that may be restored leaves a hidden file there that names
 * its lineage and the checkpoints of other lineages that it goes back to, so that a restore
 * withdraws nothing but what came of the checkpoint it goes on from.
 * Threads: the main thread.
 */
import type { RestoredCheckpoint } from '../../operator/sink.ts'
import type { OutputFiles } from './output-files.ts'

export interface OutputMarker {
  readonly lineage: string
  readonly sinkId: string
  /** Where a lineage took over from the one before, the oldest first. */
  readonly ancestors: readonly RestoredCheckpoint[]
  /** What the first lineage here went on from, if that has its output in another place. */
  readonly elsewhere?: RestoredCheckpoint | undefined
}

/** What a restored job finds of its own. */
interface Inheritance {
  /** Output of later checkpoints is withdrawn. */
  readonly checkpointId: number
  /** False where the restored checkpoint's own output lies in another place. */
  readonly isHere: boolean
  /** The marker of whoever goes on. */
  readonly marker: OutputMarker
}

export const MARKER_NAME = '.sluice-output.json'
const NEW_MARKER_NAME = '.sluice-output.json.new'
const VERSION = 1
/** Lineages that came to nothing are not counted, so few jobs have more than two. */
const ANCESTORS_MAX = 100

/** 'unreadable': there is one, of another version or damaged. */
export async function readMarker(
  files: OutputFiles,
): Promise<OutputMarker | 'unreadable' | undefined> {
  const text = await files.read(MARKER_NAME)
  return text === undefined ? undefined : parseMarker(text)
}

/**
 * At every moment the old one is there or the new one, whole; and if it is the new one, then what
 * was removed before (perhaps by a process that was killed) stays removed.
 */
export async function writeMarker(files: OutputFiles, marker: OutputMarker): Promise<void> {
  const ancestors = marker.ancestors.slice(-ANCESTORS_MAX)
  await files.write(
    NEW_MARKER_NAME,
    `${JSON.stringify({ version: VERSION, ...marker, ancestors })}\n`,
  )
  await files.sync()
  await files.rename(NEW_MARKER_NAME, MARKER_NAME)
  await files.sync()
}

export async function removeMarker(files: OutputFiles): Promise<void> {
  await files.unlink(NEW_MARKER_NAME)
  await files.unlink(MARKER_NAME)
  await files.sync()
}

/**
 * What `lineage` may take over of the marked output when it goes on from `restored`; undefined if
 * the output did not come of that checkpoint.
 */
export function inherit(
  marker: OutputMarker,
  restored: RestoredCheckpoint,
  lineage: string,
): Inheritance | undefined {
  const { elsewhere, ancestors } = marker
  const { checkpointId } = restored
  if (elsewhere !== undefined && isElsewhere(marker, elsewhere, restored)) {
    // Whatever is here came of the place's first checkpoint, and goes.
    return {
      checkpointId: Math.min(elsewhere.checkpointId, checkpointId),
      isHere: false,
      marker: { ...marker, lineage, ancestors: [], elsewhere: restored },
    }
  }
  if (restored.lineage === marker.lineage) {
    const added = lineage === marker.lineage ? [] : [restored]
    return {
      checkpointId,
      isHere: true,
      marker: { ...marker, lineage, ancestors: [...ancestors, ...added] },
    }
  }
  // What an ancestor published after the takeover is withdrawn: it cannot be gone back to.
  const at = ancestors.findLastIndex((one) => isUpTo(one, restored))
  if (at === -1) return undefined
  return {
    checkpointId,
    isHere: true,
    marker: { ...marker, lineage, ancestors: [...ancestors.slice(0, at), restored] },
  }
}

/** A lineage that began elsewhere may have gone on here under the same name. */
function isElsewhere(
  marker: OutputMarker,
  elsewhere: RestoredCheckpoint,
  restored: RestoredCheckpoint,
): boolean {
  if (restored.lineage !== elsewhere.lineage) return false
  const wentOnHere = [marker, ...marker.ancestors].some((one) => one.lineage === restored.lineage)
  return !wentOnHere || isUpTo(elsewhere, restored)
}

function isUpTo(last: RestoredCheckpoint, restored: RestoredCheckpoint): boolean {
  return last.lineage === restored.lineage && restored.checkpointId <= last.checkpointId
}

/** All lineages that may have left files in progress here. */
export function lineagesOf(marker: OutputMarker): readonly string[] {
  return [marker, ...marker.ancestors].map(({ lineage }) => lineage)
}

function parseMarker(text: string): OutputMarker | 'unreadable' {
  let parsed: Partial<OutputMarker & { version: number }> | null
  try {
    parsed = JSON.parse(text)
  } catch {
    return 'unreadable'
  }
  const { version, lineage, sinkId, ancestors, elsewhere } = parsed ?? {}
  if (version !== VERSION || typeof lineage !== 'string' || typeof sinkId !== 'string') {
    return 'unreadable'
  }
  if (!Array.isArray(ancestors) || !ancestors.every(isCheckpoint)) return 'unreadable'
  if (elsewhere === undefined) return { lineage, sinkId, ancestors }
  return isCheckpoint(elsewhere) ? { lineage, sinkId, ancestors, elsewhere } : 'unreadable'
}

function isCheckpoint(value: unknown): value is RestoredCheckpoint {
  const { lineage, checkpointId } = (value ?? {}) as Partial<RestoredCheckpoint>
  return typeof lineage === 'string' && Number.isSafeInteger(checkpointId)
}
