/**
 * Node's message for an import of a name that a package does not have quotes the URL which the
 * bundle has for the package; users wrote a name. Main thread.
 */
import { readFile } from 'node:fs/promises'
import { nearest } from '../base/nearest.ts'
import { packageRoot } from '../base/package-root.ts'

export interface MissingExport {
  readonly message: string
  readonly hint?: string
}

const MISSING = /The requested module '(file:[^']+)' does not provide an export named '([^']+)'/

/** The message with the package's name, and the nearest name that it exports; or undefined. */
export async function missingExport(message: string): Promise<MissingExport | undefined> {
  const [, url, name] = MISSING.exec(message) ?? []
  if (url === undefined || name === undefined) return undefined
  const specifier = (await ownSpecifier(url)) ?? packageName(url)
  const meant = nearest(name, Object.keys((await import(url)) as object))
  return {
    message: `'${specifier}' has no export '${name}'`,
    ...(meant === undefined ? {} : { hint: `did you mean '${meant}'?` }),
  }
}

/** `sluice`, `sluice/file`, ...: the entry of this package that lies at the URL. */
async function ownSpecifier(url: string): Promise<string | undefined> {
  const root = packageRoot(import.meta.url)
  const text = await readFile(new URL('package.json', root), 'utf8')
  const { exports } = JSON.parse(text) as { exports: Record<string, { readonly default?: string }> }
  const entry = Object.entries(exports).find(
    ([, { default: target }]) => target !== undefined && new URL(target, root).href === url,
  )
  return entry === undefined ? undefined : `sluice${entry[0].slice(1)}`
}

/** The first folder below the innermost `node_modules`, with its scope. */
function packageName(url: string): string {
  const below = decodeURIComponent(url).split('/node_modules/').at(-1)!
  return /^(@[^/]+\/)?[^/]+/.exec(below)?.[0] ?? below
}
