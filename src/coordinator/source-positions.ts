/**
 * Positions in the job's bundle back to the user's own files. Workers report stacks as they are;
 * only the main thread reads the source map, so that no worker keeps it in memory.
 */
import { SourceMap } from 'node:module'
import { dirname, resolve } from 'node:path'
import { type ErrorData, errorFromData, errorToData } from '../base/errors.ts'

/** The part of a `JobArtefact` that positions need. */
export interface MappedSource {
  readonly path: string
  readonly url: string
  readonly sourceName: string
  readonly sourceMap: string
}

export interface MappedStack {
  /** `file:line:column` of the innermost frame in the user's own code, if there is one. */
  readonly place?: string
  readonly stack: string
}

/**
 * Rewrites every position of a stack that lies in the bundle. Frames name it by its
 * `sourceName`, or by its URL where a host program formats stacks itself.
 */
export function mapStack(stack: string, artefact: MappedSource): MappedStack {
  const named = stack.replaceAll(artefact.url, artefact.sourceName)
  if (!named.includes(artefact.sourceName)) return { stack }
  const map = new SourceMap(JSON.parse(artefact.sourceMap))
  const position = new RegExp(`${quote(artefact.sourceName)}:(\\d+):(\\d+)`, 'g')
  let place: string | undefined
  const mapped = named.replaceAll(position, (_, line: string, column: string) => {
    const found = originOf(map, Number(line), Number(column))
    if (found === undefined) return `${artefact.path} (bundled)`
    const text = `${resolve(dirname(artefact.path), found.file)}:${found.line}:${found.column}`
    place ??= text
    return text
  })
  const whole = mapped.replaceAll(artefact.sourceName, artefact.path)
  return place === undefined ? { stack: whole } : { place, stack: whole }
}

/** The same error, causes included, with the user's own positions and the innermost as place. */
export function explainError(error: unknown, artefact: MappedSource): Error {
  return errorFromData(mapError(errorToData(error), artefact))
}

/** As `explainError`, on an error as it comes from a worker. */
export function mapError(error: ErrorData, artefact: MappedSource): ErrorData {
  const mapped = error.stack === undefined ? undefined : mapStack(error.stack, artefact)
  const cause = error.cause === undefined ? undefined : mapError(error.cause, artefact)
  return {
    ...error,
    // Node's own messages quote the importing module: here that is the whole bundle in base64.
    message: error.message.replaceAll(artefact.url, artefact.path),
    stack: mapped?.stack,
    place: error.place ?? mapped?.place ?? cause?.place,
    cause,
  }
}

interface Origin {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Lines and columns count from 1 in a stack and in an editor, from 0 in a map. */
function originOf(map: SourceMap, line: number, column: number): Origin | undefined {
  const entry = map.findEntry(line - 1, column - 1)
  if (!('originalSource' in entry) || entry.originalSource === undefined) return undefined
  return {
    file: decodeURIComponent(entry.originalSource),
    line: entry.originalLine + 1,
    column: entry.originalColumn + 1,
  }
}

function quote(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
