/**
 * The simulator and the engine in one file, from source; a patch may change the engine first.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/**
 * @param {readonly { file: string, from: string, to: string }[]} changes each `from` is there once
 * @returns the url of the bundle, and what removes it
 */
export async function bundleSimulator(changes = []) {
  // Where the packages are found that it imports.
  mkdirSync(join(ROOT, 'dist'), { recursive: true })
  const folder = mkdtempSync(join(ROOT, 'dist', '.simulator-'))
  const outfile = join(folder, 'simulator.mjs')
  const changed = new Set()
  await build({
    entryPoints: [join(ROOT, 'test/simulation/schedule.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    outfile,
    plugins: changes.length === 0 ? [] : [changing(changes, changed)],
  })
  for (const { file } of changes) {
    if (!changed.has(file)) throw new Error(`nothing imports ${file}`)
  }
  return { url: pathToFileURL(outfile).href, remove: () => rmSync(folder, { recursive: true }) }
}

function changing(changes, changed) {
  return {
    name: 'changing',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const own = changes.filter(({ file }) => file === relative(ROOT, path))
        if (own.length === 0) return undefined
        let contents = readFileSync(path, 'utf8')
        for (const { file, from, to } of own) {
          if (contents.split(from).length !== 2) {
            throw new Error(`${file} has not exactly once:\n${from}`)
          }
          contents = contents.replace(from, () => to)
          changed.add(file)
        }
        return { contents, loader: 'ts' }
      })
    },
  }
}
