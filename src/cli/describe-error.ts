/**
 * An error as a user should read it: the code, what happened, where, with which record, what to
 * do, and what caused it.
 */
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SluiceError } from '../base/errors.ts'

export interface DescribeOptions {
  /** Use the terminal's colours. Default: false. */
  readonly color?: boolean
  /** Paths below it are shown relative to it. Default: the working directory. */
  readonly cwd?: string
}

const CAUSES_MAX = 5
const FRAMES_MAX = 8
const ENGINE = fileURLToPath(new URL('..', import.meta.url))

/** Several lines, without a line break at the end. */
export function describeError(error: unknown, options: DescribeOptions = {}): string {
  const paint = options.color === true ? colors : plain
  const lines = error instanceof SluiceError ? ofSluice(error, paint) : ofBug(error, paint)
  return shortPaths(lines.join('\n'), options.cwd ?? process.cwd())
}

interface Paint {
  bad(text: string): string
  dim(text: string): string
}

const colors: Paint = {
  bad: (text) => `\x1b[31m${text}\x1b[39m`,
  dim: (text) => `\x1b[2m${text}\x1b[22m`,
}
const plain: Paint = { bad: (text) => text, dim: (text) => text }

function ofSluice(error: SluiceError, paint: Paint): string[] {
  const lines = [`${paint.bad(`error ${error.code}`)}: ${error.message}`]
  const labelled = [
    ['operator', error.operator],
    ['place', error.message.includes(error.place ?? '') ? undefined : error.place],
    ['record', error.record],
    ['hint', error.hint],
  ] as const
  for (const [label, text] of labelled) {
    if (text !== undefined) lines.push(`  ${paint.dim(`${label}:`)} ${text}`)
  }
  return [...lines, ...ofCause(error.cause, paint, 0)]
}

/** Not one of the expected failures: whoever reads this needs the stack. */
function ofBug(error: unknown, paint: Paint): string[] {
  if (!(error instanceof Error)) return [`${paint.bad('error')}: ${String(error)}`]
  return [paint.bad('internal error'), ...(error.stack ?? error.message).split('\n')]
}

function ofCause(cause: unknown, paint: Paint, depth: number): string[] {
  if (cause === undefined || depth >= CAUSES_MAX) return []
  if (!(cause instanceof Error)) return [`  ${paint.dim('cause:')} ${String(cause)}`]
  const code = 'code' in cause ? ` [${String(cause.code)}]` : ''
  return [
    `  ${paint.dim('cause:')} ${cause.name}: ${cause.message}${code}`,
    ...userFrames(cause.stack ?? '').map((frame) => paint.dim(`    ${frame}`)),
    ...ofCause(cause.cause, paint, depth + 1),
  ]
}

/** Only the user's own frames: those of the engine and of Node say nothing about the job. */
function userFrames(stack: string): readonly string[] {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim())
    .filter((line) => !/\(node:|at node:|sluice-chain/.test(line) && !line.includes(ENGINE))
    .slice(0, FRAMES_MAX)
}

function shortPaths(text: string, cwd: string): string {
  const prefix = cwd.endsWith(sep) ? cwd : cwd + sep
  return text.replaceAll(prefix, '')
}
