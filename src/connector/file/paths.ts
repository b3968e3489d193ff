/**
 * Which files an input means: a path, a directory, a pattern with `*`, `?` and `**`, or several.
 * The order is that of the inputs, and by name within one, so that splits are stable.
 * Threads: the main thread.
 */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../../base/errors.ts'
import { fileError, fileNotFound } from './file-errors.ts'

/** What a file source reads: a file, a directory, a pattern, or a list of these. */
export type FileInput = string | readonly string[]

/**
 * The files an input means. In a directory only names with one of `extensions` count; names that
 * begin with a dot or an underscore never do. Throws FILE_NOT_FOUND, FILE_NOT_READABLE, NO_INPUT.
 */
export async function findFiles(
  input: FileInput,
  extensions: readonly string[],
): Promise<readonly string[]> {
  const inputs = inputsOf(input, 'a file source')
  const found: string[] = []
  for (const path of inputs) {
    const files = isPattern(path)
      ? await matchPattern(path)
      : await filesOfPath(path, (name) => extensions.some((end) => name.endsWith(end)))
    found.push(...files)
  }
  return [...new Set(found)]
}

/**
 * An input as a list; `source` is who asks. Throws NO_INPUT where a path is missing, as when the
 * job's argument for it was not given.
 */
export function inputsOf(input: FileInput, source: string): readonly string[] {
  const inputs: readonly unknown[] = Array.isArray(input) ? input : [input]
  if (inputs.length > 0 && inputs.every((path) => typeof path === 'string' && path !== '')) {
    return inputs as readonly string[]
  }
  const given = JSON.stringify(input) ?? String(input)
  throw new SluiceError('NO_INPUT', `${source} has no input to read: it got ${given}`, {
    hint: 'name a file, a directory or a pattern',
  })
}

function isPattern(path: string): boolean {
  return /[*?]/.test(path)
}

async function filesOfPath(
  path: string,
  wanted: (name: string) => boolean,
): Promise<readonly string[]> {
  const kind = await stat(path).catch((error: unknown) => {
    throw fileError(error, path)
  })
  if (!kind.isDirectory()) return [path]
  const names = (await list(path)).filter((name) => !isHidden(name) && wanted(name))
  if (names.length === 0) throw fileNotFound(join(path, '*'))
  return names.map((name) => join(path, name))
}

/** Part files in progress and their kin must never be read. */
function isHidden(name: string): boolean {
  return name.startsWith('.') || name.startsWith('_')
}

async function matchPattern(pattern: string): Promise<readonly string[]> {
  const segments = pattern.split(/[\\/]+/)
  const rooted = segments[0] === ''
  const found = await expand(rooted ? '/' : '', rooted ? segments.slice(1) : segments)
  if (found.length === 0) throw fileNotFound(pattern)
  return found
}

async function expand(base: string, segments: readonly string[]): Promise<readonly string[]> {
  const [segment, ...rest] = segments
  if (segment === undefined) return (await isFile(base)) ? [base] : []
  if (segment === '**') return expandDeep(base, rest)
  if (!isPattern(segment)) return expand(join(base, segment), rest)
  const matches = segmentMatcher(segment)
  const names = (await list(base)).filter((name) => !isHidden(name) && matches.test(name))
  const found = await Promise.all(names.map((name) => expand(join(base, name), rest)))
  return found.flat()
}

async function expandDeep(base: string, rest: readonly string[]): Promise<readonly string[]> {
  const here = await expand(base, rest)
  const below: string[] = []
  for (const name of await list(base)) {
    const path = join(base, name)
    if (!isHidden(name) && !(await isFile(path))) below.push(...(await expandDeep(path, rest)))
  }
  return [...here, ...below]
}

function segmentMatcher(segment: string): RegExp {
  const escaped = segment.replace(/[.+^${}()|[\]]/g, '\\$&')
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`)
}

/** Names in a directory, sorted by code point; none if it is no directory. */
async function list(path: string): Promise<readonly string[]> {
  try {
    return (await readdir(path === '' ? '.' : path)).sort()
  } catch (error) {
    const refused = fileError(error, path)
    if (refused.code === 'FILE_NOT_FOUND') return []
    throw refused
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  )
}
