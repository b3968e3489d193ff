/** What the commands that take a job are given, as Commander has read it. */

/** One `-D key=value`. */
export type Definition = readonly [key: string, value: string]

/** Options of every command that takes a job. */
export interface JobFlags {
  readonly parallelism?: number
  readonly define: readonly Definition[]
}

export interface RunFlags extends JobFlags {
  readonly overwrite: boolean
  readonly logLevel: string
  /** Undefined if neither --progress nor --no-progress was given. */
  readonly progress?: boolean
}

export interface RunCommand<Flags> {
  readonly flags: Flags
  /** The job's own arguments, as words. */
  readonly own: readonly string[]
}

interface Configured {
  readonly config: Readonly<Record<string, string>>
  readonly parallelism?: number
}

/** The options in the form of `runJob`. */
export function configOf(flags: JobFlags): Configured {
  const config = Object.fromEntries(flags.define)
  return flags.parallelism === undefined ? { config } : { config, parallelism: flags.parallelism }
}
