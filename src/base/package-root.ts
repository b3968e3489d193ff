/** Where this package lies, whether its modules are loaded one by one or bundled. */
import { existsSync, readFileSync } from 'node:fs'

const DEPTH_MAX = 8

/** The nearest folder above the module that holds a package.json. */
export function packageRoot(moduleUrl: string): URL {
  let folder = new URL('.', moduleUrl)
  for (let depth = 0; depth < DEPTH_MAX; depth++, folder = new URL('..', folder)) {
    if (existsSync(new URL('package.json', folder))) return folder
  }
  throw new Error(`no package.json above ${moduleUrl}`)
}

const versions = new Map<string, string>()

/** The version in the package.json above the module. */
export function packageVersion(moduleUrl: string): string {
  const known = versions.get(moduleUrl)
  if (known !== undefined) return known
  const text = readFileSync(new URL('package.json', packageRoot(moduleUrl)), 'utf8')
  const { version } = JSON.parse(text) as { readonly version: string }
  versions.set(moduleUrl, version)
  return version
}
