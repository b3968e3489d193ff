/**
 * Compiles src/ into dist/ where that is needed: in a clone, when dist/ does not belong to the
 * sources that are there. In the published package there are no sources, and nothing is done.
 * Plain JavaScript, since it runs before anything is compiled; several processes may call it at
 * once. Type errors are reported and do not stop it: `npm run types` is the command that fails.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const WAIT_MS = 20
const WAITS_MAX = 6_000

/**
 * Makes dist/ match src/. Returns true if it had to compile. Throws where no JavaScript can be
 * emitted at all.
 * @param {{ root?: string, quiet?: boolean }} [options]
 */
export function ensureBuilt({ root = ROOT, quiet = false } = {}) {
  if (!fs.existsSync(join(root, 'tsconfig.json'))) return false
  if (isFresh(root)) return false
  return withLock(root, () => {
    if (isFresh(root)) return false
    compile(root, quiet)
    return true
  })
}

function isFresh(root) {
  try {
    return fs.readFileSync(join(root, 'dist/.stamp'), 'utf8') === sourceHash(root)
  } catch {
    return false
  }
}

/** Contents, not times: a checkout or a restored cache changes those for no reason. */
function sourceHash(root) {
  const hash = createHash('sha256')
  for (const file of ['tsconfig.json', ...sourcesOf(root)]) {
    hash.update(`\0${file}\0`).update(fs.readFileSync(join(root, file)))
  }
  return hash.digest('hex')
}

function sourcesOf(root) {
  const all = fs.readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  return all
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => join('src', file))
}

/**
 * Compiles beside dist/ and moves file by file: a process that is loading modules meanwhile finds
 * each of them whole, old or new.
 */
function compile(root, quiet) {
  const hash = sourceHash(root)
  const fresh = join(root, `.dist-${process.pid}`)
  for (const left of fs.readdirSync(root).filter((name) => name.startsWith('.dist-'))) {
    fs.rmSync(join(root, left), { recursive: true, force: true })
  }
  if (process.stderr.isTTY && !quiet) process.stderr.write('compiling src/ ...\n')
  const tsc = join(root, 'node_modules/typescript/lib/tsc.js')
  const flags = ['-p', root, '--outDir', fresh, '--noEmitOnError', 'false', '--pretty', 'false']
  const ran = spawnSync(process.execPath, [tsc, ...flags], { cwd: root, encoding: 'utf8' })
  if (!fs.existsSync(fresh)) {
    throw new Error(`src/ could not be compiled: run npm ci first\n${ran.stdout}${ran.stderr}`)
  }
  if (ran.status !== 0 && !quiet) process.stderr.write(typeErrors(ran.stdout))
  bundle(root, fresh)
  install(fresh, join(root, 'dist'))
  fs.writeFileSync(join(root, 'dist/.stamp'), hash)
}

/** What threads load, in few files: two hundred modules cost a worker 40 ms of its start. */
const ENTRIES = [
  'index',
  'testing/index',
  'connector/file/index',
  'connector/generator/index',
  'task/worker',
  'state/pool-worker',
  'cli/main',
  'cli/describe-error',
  'cli/progress',
]

/** `dist/bundle/`: the same entries with everything they share in common chunks, loaded once. */
function bundle(root, fresh) {
  const entryPoints = ENTRIES.map((name) => join(fresh, `${name}.js`)).filter(fs.existsSync)
  if (entryPoints.length === 0) return
  const require = createRequire(join(root, 'package.json'))
  const { outputFiles } = require('esbuild').buildSync({
    entryPoints,
    outbase: fresh,
    outdir: join(fresh, 'bundle'),
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    logLevel: 'error',
    write: false,
  })
  for (const { path, text } of outputFiles) {
    fs.mkdirSync(join(path, '..'), { recursive: true })
    fs.writeFileSync(path, constants(text))
  }
}

/**
 * What is const in src/ is so in the bundle, where esbuild makes it a var: V8 takes the value of a
 * constant for granted, and reads and checks that of a variable each time. Keys are hashed a
 * quarter faster with it. Nothing in src/ is a variable at the top of a module (a test looks).
 */
function constants(code) {
  return code.replace(/^var (?=[\w$]+ = |\{ )/gm, 'const ')
}

function typeErrors(text) {
  const lines = text.split('\n').filter((line) => line.includes('error TS'))
  return `dist/ is built, with ${lines.length} type errors in src/:\n${lines.join('\n')}\n`
}

function install(fresh, dist) {
  const files = filesOf(fresh)
  for (const file of files) {
    fs.mkdirSync(join(dist, file, '..'), { recursive: true })
    fs.renameSync(join(fresh, file), join(dist, file))
  }
  const kept = new Set(files)
  for (const file of filesOf(dist)) {
    if (!kept.has(file) && !file.startsWith('.')) fs.rmSync(join(dist, file))
  }
  fs.rmSync(fresh, { recursive: true, force: true })
}

function filesOf(folder) {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1))
}

/** One compiler at a time: a folder is made by exactly one process. */
function withLock(root, action) {
  const lock = join(root, 'dist/.lock')
  fs.mkdirSync(join(root, 'dist'), { recursive: true })
  for (let waits = 0; !take(lock); waits++) {
    if (waits > WAITS_MAX) throw new Error(`another build holds ${lock}; remove it if none runs`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS)
  }
  try {
    return action()
  } finally {
    fs.rmSync(lock, { force: true })
  }
}

/** The lock names its owner, so that one left by a killed process does not hold for ever. */
function take(lock) {
  try {
    fs.writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    if (!ownerLives(lock)) fs.rmSync(lock, { force: true })
    return false
  }
}

function ownerLives(lock) {
  try {
    const owner = Number(fs.readFileSync(lock, 'utf8'))
    if (owner === 0) return true
    return process.kill(owner, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    ensureBuilt()
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}
