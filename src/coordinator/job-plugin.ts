/**
 * What esbuild must know about a job module: packages stay outside the bundle and are named by
 * absolute file: URLs, since a data: module resolves nothing else; `sluice` is always this very
 * package, so that the engine and the job share it; `import.meta` keeps meaning the user's file.
 * Main thread.
 */
import { readFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { dirname, extname, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Loader, OnLoadResult, OnResolveArgs, OnResolveResult, Plugin } from 'esbuild'
import { nearest } from '../base/nearest.ts'
import { packageRoot } from '../base/package-root.ts'

const META = 'sluice-import-meta'
const RESOLVING = { resolving: true }
const PACKAGE_ROOT = packageRoot(import.meta.url)
const SELF = 'sluice'

type Resolve = import('esbuild').PluginBuild['resolve']
type Exports = Readonly<Record<string, string | { readonly default: string }>>

/** The plugin for one build. */
export function jobPlugin(): Plugin {
  return {
    name: 'sluice-job',
    async setup(build) {
      const self = await ownExports()
      build.initialOptions.define = {
        'import.meta.url': '__sluiceMeta.url',
        'import.meta.filename': '__sluiceMeta.filename',
        'import.meta.dirname': '__sluiceMeta.dirname',
      }
      build.onResolve({ filter: /^[^./]/ }, (args) => {
        if (args.kind === 'entry-point' || args.pluginData === RESOLVING) return undefined
        if (args.path.startsWith(`${META}:`)) return metaModule(args.path)
        if (args.path === SELF || args.path.startsWith(`${SELF}/`)) return selfModule(args, self)
        return packageModule(args, build.resolve)
      })
      build.onLoad({ filter: /\.[cm]?[jt]s$/, namespace: 'file' }, loadWithMeta)
      build.onLoad({ filter: /.*/, namespace: META }, loadMeta)
    },
  }
}

async function ownExports(): Promise<Exports> {
  const text = await readFile(new URL('package.json', PACKAGE_ROOT), 'utf8')
  return (JSON.parse(text) as { exports: Exports }).exports
}

function selfModule(args: OnResolveArgs, exports: Exports): OnResolveResult {
  const entry = exports[`.${args.path.slice(SELF.length)}`]
  if (entry !== undefined) {
    const target = typeof entry === 'string' ? entry : entry.default
    return outside(fileURLToPath(new URL(target, PACKAGE_ROOT)), args.kind)
  }
  const names = Object.keys(exports).map((name) => SELF + name.slice(1))
  const offered = nearest(args.path, names) ?? names.join(', ')
  return { errors: [{ text: `Could not resolve "${args.path}": did you mean ${offered}?` }] }
}

/**
 * Packages stay outside. What a tsconfig's `paths` or a workspace's link leads to is the user's
 * own source, maybe TypeScript, and goes in.
 */
async function packageModule(
  args: OnResolveArgs,
  resolve: Resolve,
): Promise<OnResolveResult | undefined> {
  if (/^(file|data|node):/.test(args.path)) return { path: args.path, external: true }
  if (isBuiltin(args.path)) return { path: `node:${args.path}`, external: true }
  const found = await resolve(args.path, {
    importer: args.importer,
    resolveDir: args.resolveDir,
    kind: args.kind,
    with: args.with,
    pluginData: RESOLVING,
  })
  if (found.errors.length > 0) return { errors: found.errors.map(({ text }) => ({ text })) }
  if (!found.path.includes(`${sep}node_modules${sep}`)) return undefined
  return outside(found.path, args.kind)
}

function outside(path: string, kind: OnResolveArgs['kind']): OnResolveResult {
  const required = kind === 'require-call' || kind === 'require-resolve'
  return { path: required ? path : pathToFileURL(path).href, external: true }
}

function metaModule(path: string): OnResolveResult {
  return { path: path.slice(META.length + 1), namespace: META, sideEffects: false }
}

/** The import goes behind the user's text, so that every position in it stays what it is. */
async function loadWithMeta(args: { readonly path: string }): Promise<OnLoadResult | undefined> {
  if (args.path.includes(`${sep}node_modules${sep}`)) return undefined
  const text = await readFile(args.path, 'utf8')
  if (!text.includes('import.meta')) return undefined
  const from = JSON.stringify(`${META}:${args.path}`)
  return {
    contents: `${text}\nimport * as __sluiceMeta from ${from}\n`,
    loader: extname(args.path).slice(1).replace(/^[cm]/, '') as Loader,
  }
}

function loadMeta(args: { readonly path: string }): OnLoadResult {
  const meta = {
    url: pathToFileURL(args.path).href,
    filename: args.path,
    dirname: dirname(args.path),
  }
  const lines = Object.entries(meta).map(([k, v]) => `export const ${k} = ${JSON.stringify(v)}`)
  return { contents: lines.join('\n'), loader: 'js' }
}
