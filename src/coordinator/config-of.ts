/** The options of an embedding program as one object of options. */
import type { GivenOptions } from '../graph/parse-options.ts'
import { overlayOptions } from '../graph/parse-options.ts'
import type { RunOptions } from './run-options.ts'

/** What of `RunOptions` stands for options of docs/options.md. */
export type Configured = {
  readonly [Name in (typeof typed)[number] | 'config']?: RunOptions[Name] | undefined
}

/** Each has the short path of its options as its name. */
const typed = ['parallelism', 'checkpoints', 'restore', 'restart'] as const

/** For `parseOptions`. The typed fields come before `config`. Throws as `overlayOptions` does. */
export function configOf(options: Configured): GivenOptions {
  const fields = Object.fromEntries(typed.map((name) => [name, options[name]]))
  return overlayOptions([options.config ?? {}, fields])
}
