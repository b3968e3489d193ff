/** What the commands that take a job are given, as Commander has read it. */
import { type GivenOptions, overlayOptions } from '../graph/parse-options.ts'
import { readConfigFile } from './config-file.ts'

/** One `-D key=value`. */
export type Definition = readonly [key: string, value: string]

/** Options of every command that takes a job. */
export interface JobFlags {
  readonly parallelism?: number
  readonly define: readonly Definition[]
  /** The path of a file with options. */
  readonly config?: string
}

export interface RunFlags extends JobFlags {
  readonly checkpointDir?: string
  readonly interval?: string
  readonly restore?: string
  readonly acceptDuplicates?: boolean
  readonly overwrite: boolean
  readonly logLevel: string
  /** Undefined if neither --progress nor --no-progress was given. */
  readonly progress?: boolean
  /** A table a second instead of progress. */
  readonly stats?: boolean
}

export interface RunCommand<Flags> {
  readonly flags: Flags
  /** The job's own arguments, as words. */
  readonly own: readonly string[]
}

/** The options for `runJob`: flags come before definitions, and those before the file. */
export async function configFor(flags: JobFlags & Partial<RunFlags>): Promise<GivenOptions> {
  const file = flags.config === undefined ? {} : await readConfigFile(flags.config)
  const { parallelism, checkpointDir, interval, restore, acceptDuplicates } = flags
  const checkpoints = { dir: checkpointDir, interval }
  const named = { parallelism, restore, acceptDuplicates, checkpoints }
  return overlayOptions([file, Object.fromEntries(flags.define), named])
}
