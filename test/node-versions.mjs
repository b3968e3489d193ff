/**
 * `npm run test:node -- 22`: the tests on another Node. Installs that version's binary from the
 * package registry once, below node_modules/.cache, and runs vitest with it. Words after the
 * version go to vitest.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const VERSIONS = ['20', '22', '24', '26']

const [version, ...words] = process.argv.slice(2)
if (!/^\d+(\.\d+)*$/.test(version ?? '')) {
  process.stderr.write(`usage: npm run test:node -- <version>, such as ${VERSIONS.join(', ')}\n`)
  process.exit(2)
}

const node = install(version)
run(node, ['src/cli/build.mjs'])
process.exitCode = run(node, ['node_modules/vitest/vitest.mjs', 'run', ...words])

/** The binary comes as a package of its own for each platform, without an install script. */
function install(version) {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const name = `node-${platform}-${process.arch}`
  const folder = join(ROOT, 'node_modules/.cache/node-versions', version)
  const binary = join(folder, 'node_modules', name, 'bin', 'node')
  if (existsSync(binary)) return binary
  mkdirSync(folder, { recursive: true })
  const args = [
    'install',
    '--prefix',
    folder,
    '--no-save',
    '--ignore-scripts',
    `${name}@${version}`,
  ]
  const ran = spawnSync('npm', args, { stdio: 'inherit', cwd: folder })
  if (ran.status !== 0 || !existsSync(binary)) {
    process.stderr.write(`Node ${version} could not be installed as ${name}\n`)
    process.exit(1)
  }
  return binary
}

/** Programs that the tests start by the name `node` are this version too. */
function run(node, args) {
  const PATH = dirname(node) + delimiter + process.env.PATH
  const env = { ...process.env, PATH }
  if (args[0].includes('vitest')) process.stdout.write(`Node ${versionOf(node)}\n`)
  return spawnSync(node, args, { stdio: 'inherit', cwd: ROOT, env }).status ?? 1
}

function versionOf(node) {
  return spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()
}
