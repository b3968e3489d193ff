/**
 * The names of a file sink's files, and who may touch which. Readers of the output see only
 * `part-<subtask>-<checkpoint>.jsonl`; what is being written begins with a dot, and its name says
 * to which job it belongs.
 * Threads: any.
 */
export interface PartFile {
  /** Name of the hidden file, within the sink's directory. */
  readonly from: string
  /** Name under which readers find it. */
  readonly to: string
  readonly bytes: number
  readonly records: number
}

const VISIBLE = /^part-\d+-(\d+)(-\d+)?\.jsonl$/
const HIDDEN = /^\.part-.+\.inprogress$/

export function isVisiblePart(name: string): boolean {
  return VISIBLE.test(name)
}

/** The checkpoint that made a file visible. */
export function checkpointOf(visible: string): number {
  return Number(VISIBLE.exec(visible)![1])
}

export function isHiddenPart(name: string): boolean {
  return HIDDEN.test(name)
}

/** How all hidden files of one job begin. */
export function hiddenPrefix(lineage: string): string {
  return `.part-${lineage.replaceAll(/[^A-Za-z0-9_]/g, '_')}-`
}

interface HiddenPartOwner {
  readonly lineage: string
  readonly subtask: number
  readonly attempt: number
}

/** The `count`-th file of a writer. */
export function hiddenPartName(owner: HiddenPartOwner, count: number): string {
  return `${hiddenPrefix(owner.lineage)}${owner.subtask}-${owner.attempt}-${count}.inprogress`
}

/** The `index`-th file (from 0) of a subtask in one checkpoint. */
export function visiblePartName(subtask: number, checkpointId: number, index: number): string {
  return `part-${subtask}-${checkpointId}${index === 0 ? '' : `-${index}`}.jsonl`
}
