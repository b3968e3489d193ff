// Apache Flink beside us: builds native-bench/flink when it has to, runs one of its jobs in a JVM
// of its own, and gives back what it measured. `node native-bench/flink.mjs --job NAME` prints it.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { busyCores } from './measure.mjs'

const PROJECT = fileURLToPath(new URL('./flink/', import.meta.url))
const JAR = join(PROJECT, 'target/flink-bench.jar')
const STAMP = join(PROJECT, 'target/.stamp')
const JAVA_MIN = 17
const HEAP = ['-Xms8g', '-Xmx8g', '-XX:+UseParallelGC']
/** How much longer than it should take a JVM may run before it is ended. */
const GRACE_MS = 120_000

/** Thrown where Java, Maven or a library cannot be had: the rest may still be measured. */
export class FlinkMissing extends Error {}

/**
 * Runs a job and returns { windows, others }: a window has records, results, seconds,
 * cpuSeconds and the checkpoints completed in it; `others` is the number of cores that the rest of
 * the machine used meanwhile, where it can be told.
 */
export async function runFlink(options) {
  await ensureFlink()
  const given = { warmup: 10, seconds: 4, windows: 3, checkpoints: 'none', ...options }
  const directory = await mkdtemp(join(tmpdir(), 'sluice-flink-'))
  try {
    return await runJvm({ ...given, directory })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Has the jar ready, or throws FlinkMissing. */
export async function ensureFlink() {
  const version = javaVersion()
  if (version === undefined) throw new FlinkMissing('there is no java on the path')
  if (version < JAVA_MIN) throw new FlinkMissing(`Java ${version} is older than ${JAVA_MIN}`)
  const hash = await sourceHash()
  if ((await readFile(STAMP, 'utf8').catch(() => '')) === hash) return
  // The libraries of another version would stay on the class path.
  await rm(join(PROJECT, 'target'), { recursive: true, force: true })
  build()
  await writeFile(STAMP, hash)
}

function javaVersion() {
  const ran = spawnSync('java', ['-version'], { encoding: 'utf8' })
  const found = /version "(\d+)/.exec(ran.stderr ?? '')
  return found === null ? undefined : Number(found[1])
}

async function sourceHash() {
  const hash = createHash('sha256')
  const sources = await readdir(join(PROJECT, 'src'), { recursive: true })
  const files = sources.filter((file) => file.endsWith('.java')).sort()
  for (const file of ['pom.xml', ...files.map((file) => join('src', file))]) {
    hash.update(`\0${file}\0`).update(await readFile(join(PROJECT, file)))
  }
  return hash.digest('hex')
}

/** Without the network, if all that is needed has been fetched before. */
function build() {
  process.stderr.write('building native-bench/flink ...\n')
  const offline = maven(['-o'])
  if (offline.error !== undefined) throw new FlinkMissing(`no mvn: ${offline.error.message}`)
  if (isBuilt(offline)) return
  process.stderr.write('not all is here; asking Maven Central ...\n')
  const online = maven([])
  if (isBuilt(online)) return
  process.stderr.write(online.stdout)
  throw new FlinkMissing('mvn could not get what native-bench/flink needs: see above')
}

/** Code that does not compile is no reason to go on without. */
function isBuilt({ status, stdout }) {
  if (stdout.includes('COMPILATION ERROR')) throw new Error(`native-bench/flink:\n${stdout}`)
  return status === 0
}

function maven(flags) {
  const args = [...flags, '-q', '-B', 'package']
  return spawnSync('mvn', args, { cwd: PROJECT, encoding: 'utf8' })
}

async function runJvm(options) {
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const measured = Number(options.warmup) + Number(options.seconds) * Number(options.windows)
  const child = spawn('java', [...HEAP, '-jar', JAR, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: measured * 1e3 + GRACE_MS,
    killSignal: 'SIGKILL',
  })
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  const closed = new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal))
  })
  const lines = []
  let busy
  let busyAtEnd
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    // From the end of the first window: only there is it known when the next one begins.
    busyAtEnd = busy?.()
    busy ??= busyCores()
  }
  const ended = await closed
  process.off('exit', end)
  if (ended !== 0) throw new Error(`Flink's job ${options.job} ended with ${ended}`)
  const windows = lines.map((line) => JSON.parse(line))
  return { windows, others: othersIn(windows.slice(1), busyAtEnd) }
}

function othersIn(windows, busy) {
  if (busy === undefined) return undefined
  const own = windows.reduce((sum, window) => sum + window.cpuSeconds, 0)
  const seconds = windows.reduce((sum, window) => sum + window.seconds, 0)
  return Math.max(0, busy - own / seconds)
}

/** Prints what the JVM measured, one line a window. */
async function main(words) {
  const options = {}
  for (let i = 0; i < words.length; i += 2) options[words[i].replace(/^--/, '')] = words[i + 1]
  const { windows, others } = await runFlink(options)
  for (const window of windows) console.log(JSON.stringify(window))
  if (others !== undefined) console.error(`cores of others: ${others.toFixed(2)}`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(process.argv.slice(2))
