/**
 * The names of what lies in a checkpoint directory.
 * Threads: any.
 */
export const METADATA_NAME = '_metadata'

/** Of a checkpoint's folder; the names of its blobs begin with it. */
export function checkpointName(id: number): string {
  return `chk-${id}`
}

/** The id of `chk-<id>`; undefined for any other name. */
export function checkpointId(name: string): number | undefined {
  const id = /^chk-(0|[1-9]\d{0,14})$/.exec(name)?.[1]
  return id === undefined ? undefined : Number(id)
}
