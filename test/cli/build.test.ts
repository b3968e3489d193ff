import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const BUILD = join(ROOT, 'src/cli/build.mjs')

/** Those of the project, without the libraries, which would take most of the time. */
const compilerOptions = {
  ...JSON.parse(fs.readFileSync(join(ROOT, 'tsconfig.json'), 'utf8')).compilerOptions,
  lib: ['es5'],
  types: [],
}

/** A project of its own: build.mjs builds the folder two above it. */
let root: string

beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), 'sluice-build-'))
  fs.mkdirSync(join(root, 'src/cli'), { recursive: true })
  fs.copyFileSync(BUILD, join(root, 'src/cli/build.mjs'))
  fs.writeFileSync(
    join(root, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['src'] }),
  )
  fs.writeFileSync(join(root, 'package.json'), '{"type":"module"}')
  fs.symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  source('src/a.ts', 'export const a: number = 1')
  source('src/sub/b.ts', 'export const b: string = "1"')
})

afterEach(() => fs.rmSync(root, { recursive: true, force: true }))

test('it compiles what is missing, and then only what has changed', () => {
  build()
  expect(emitted('a.js')).toContain('export const a = 1')
  expect(emitted('sub/b.js')).toContain('"1"')
  const before = fs.statSync(join(root, 'dist/a.js')).ino
  build()
  expect(fs.statSync(join(root, 'dist/a.js')).ino).toBe(before)
  source('src/a.ts', 'export const a: number = 2')
  build()
  expect(emitted('a.js')).toContain('export const a = 2')
})

test('what was compiled from a file that is gone is gone too', () => {
  build()
  fs.rmSync(join(root, 'src/sub/b.ts'))
  build()
  expect(fs.existsSync(join(root, 'dist/sub/b.js'))).toBe(false)
  expect(fs.existsSync(join(root, 'dist/a.js'))).toBe(true)
})

test('a type error is reported and does not stop it', () => {
  source('src/a.ts', 'export const a: number = "no"')
  const { code, err } = build()
  expect(code).toBe(0)
  expect(err).toContain('src/a.ts(1,14): error TS2322')
  expect(emitted('a.js')).toContain('"no"')
})

test('several processes at once compile once, and leave nothing behind', async () => {
  const children = [1, 2, 3].map(() => spawn(process.execPath, [join(root, 'src/cli/build.mjs')]))
  const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]))
  expect(codes).toEqual([0, 0, 0])
  expect(emitted('a.js')).toContain('export const a = 1')
  expect(fs.readdirSync(root).filter((name) => name.startsWith('.dist'))).toEqual([])
  expect(fs.existsSync(join(root, 'dist/.lock'))).toBe(false)
})

test('the lock of a process that was killed does not hold for ever', () => {
  fs.mkdirSync(join(root, 'dist'))
  const gone = spawnSync(process.execPath, ['-e', ''])
  fs.writeFileSync(join(root, 'dist/.lock'), String(gone.pid))
  build()
  expect(emitted('a.js')).toContain('export const a = 1')
})

test('where there are no sources, as in the published package, nothing is done', () => {
  fs.rmSync(join(root, 'tsconfig.json'))
  expect(build()).toEqual({ code: 0, err: '' })
  expect(fs.existsSync(join(root, 'dist'))).toBe(false)
})

function source(path: string, text: string): void {
  fs.mkdirSync(join(root, path, '..'), { recursive: true })
  fs.writeFileSync(join(root, path), text)
}

function build(): { readonly code: number | null; readonly err: string } {
  const ran = spawnSync(process.execPath, [join(root, 'src/cli/build.mjs')], { encoding: 'utf8' })
  return { code: ran.status, err: ran.stderr }
}

function emitted(path: string): string {
  return fs.readFileSync(join(root, 'dist', path), 'utf8')
}
