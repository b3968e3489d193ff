/**
 * The committer is killed before each step that it takes on the file system, and before each step
 * of the run that mends that; in the end the directory must be what the restored checkpoint says.
 */
import { expect, test } from 'vitest'
import { prng } from '../../../src/base/prng.ts'
import { JsonLinesCommitter } from '../../../src/connector/file/json-lines-committer.ts'
import { MARKER_NAME } from '../../../src/connector/file/output-marker.ts'
import type { PartFile } from '../../../src/connector/file/part-files.ts'
import {
  hiddenPartName,
  isVisiblePart,
  visiblePartName,
} from '../../../src/connector/file/part-files.ts'
import type { RestoredCheckpoint } from '../../../src/operator/sink.ts'
import { Crash, Disk, DiskFiles } from './crashing-files.ts'

const sinkId = 'sink'
const strangers = ['.part-stranger-0-1-0.inprogress', 'notes.txt']

/** A run of the job: a process of its own, perhaps with a lineage of its own. */
class Run {
  readonly committer: JsonLinesCommitter
  readonly #disk: Disk
  readonly #lineage: string
  #count = 0

  constructor(disk: Disk, lineage: string) {
    this.#disk = disk
    this.#lineage = lineage
    this.committer = new JsonLinesCommitter('/out', new DiskFiles(disk))
  }

  get #context() {
    return { lineage: this.#lineage, sinkId }
  }

  start(options: { restored?: RestoredCheckpoint; overwrite?: boolean } = {}): Promise<void> {
    const { restored, overwrite = false } = options
    return this.committer.start({ ...this.#context, overwrite, checkpointing: true, restored })
  }

  /** Start and recovery, as after a crash. */
  async restore(restored: RestoredCheckpoint, parts: readonly PartFile[]): Promise<void> {
    await this.start({ restored })
    await this.committer.recover(parts, { ...this.#context, restored })
  }

  /** What a writer hands over: files of two subtasks. */
  prepare(checkpointId: number): readonly PartFile[] {
    return [0, 1].map((subtask) => {
      const owner = { lineage: this.#lineage, subtask, attempt: 1 }
      const from = hiddenPartName(owner, this.#count++)
      const to = visiblePartName(subtask, checkpointId, 0)
      const text = `${this.#lineage} ${checkpointId} ${subtask}`
      this.#disk.createDurably(from, text)
      return { from, to, bytes: text.length, records: 1 }
    })
  }

  /** A file that no checkpoint has yet. */
  write(): void {
    const owner = { lineage: this.#lineage, subtask: 0, attempt: 1 }
    this.#disk.create(hiddenPartName(owner, this.#count++), 'half a li')
  }

  commit(parts: readonly PartFile[]): Promise<void> {
    return this.committer.commit(parts, this.#context)
  }

  finish(): Promise<void> {
    return this.committer.finish(this.#context)
  }
}

interface Scene {
  readonly disk: Disk
  readonly parts: ReadonlyMap<number, readonly PartFile[]>
}

const parts = (scene: Scene, id: number) => scene.parts.get(id)!

/** Lineage `l1` with checkpoints 1 to 4, of which 1 and 2 are committed; it goes on writing. */
async function scene(): Promise<Scene> {
  const disk = new Disk()
  for (const name of strangers) disk.createDurably(name, 'precious')
  const run = new Run(disk, 'l1')
  await run.start()
  const prepared = new Map([1, 2, 3, 4].map((id) => [id, run.prepare(id)]))
  await run.commit(prepared.get(1)!)
  await run.commit(prepared.get(2)!)
  run.write()
  return { disk, parts: prepared }
}

/** What must be there: the output of these checkpoints, and nothing of ours besides the marker. */
function expectOutput(disk: Disk, ids: Readonly<Record<number, string>>, what: string): void {
  const expected = Object.entries(ids).flatMap(([id, lineage]) =>
    [0, 1].map((s) => [visiblePartName(s, Number(id), 0), `${lineage} ${id} ${s}`]),
  )
  const own = disk.names.filter(
    (name) => !name.startsWith(MARKER_NAME) && !strangers.includes(name),
  )
  expect(
    own.map((name) => [name, disk.text(name)]),
    what,
  ).toEqual(expected.sort(([a], [b]) => (a! < b! ? -1 : 1)))
  expect(strangers.map((name) => disk.text(name))).toEqual(['precious', 'precious'])
}

type Action = (scene: Scene, attempt: number) => Promise<void>

interface Story {
  /** Each is killed at some step; the last one is let through. */
  readonly actions: readonly Action[]
  readonly check: (disk: Disk, what: string) => void
  readonly from?: () => Promise<Scene>
  /** The last action may be refused, and has promised nothing then. */
  readonly mayRefuse?: boolean
}

/** Runs the story with these kills; a kill beyond an action's last step does nothing. */
async function tell(story: Story, kills: readonly number[], seed: number) {
  const found = await (story.from ?? scene)()
  const { disk } = found
  const random = prng(seed)
  let through = false
  for (const [i, action] of story.actions.entries()) {
    disk.stepsLeft = kills[i] ?? Number.POSITIVE_INFINITY
    const killed = await isKilled(() => action(found, i))
    disk.stepsLeft = Number.POSITIVE_INFINITY
    const isMachine = seed !== PROCESS_ONLY && random.below(3) > 0
    if (killed && isMachine) disk.losePower(() => random.below(2) === 0)
    if (i === kills.length - 1) through = !killed
  }
  const how = seed === PROCESS_ONLY ? '' : `, power perhaps lost, seed ${seed}`
  const what = `killed before steps ${kills.join(' and ')}${how}`
  story.check(disk, what)
  if (story.mayRefuse !== true) {
    const promised = disk.names.filter(isVisiblePart)
    disk.losePower(() => true)
    expect(disk.names.filter(isVisiblePart), `${what}, then power lost`).toEqual(promised)
  }
  return { through }
}

async function isKilled(action: () => Promise<void>): Promise<boolean> {
  try {
    await action()
    return false
  } catch (error) {
    if (error instanceof Crash) return true
    throw error
  }
}

/** Seed of the runs in which only the process dies. */
const PROCESS_ONLY = 0
const SEEDS = [PROCESS_ONLY, 1, 2, 3, 4]

/** Kills every action but the last before each of its steps, in all combinations. */
async function tellAll(story: Story): Promise<number> {
  let endings = 0
  const from = async (kills: readonly number[], seed: number): Promise<void> => {
    for (let k = 0; ; k++) {
      const { through } = await tell(story, [...kills, k], seed)
      endings++
      if (!through && kills.length < story.actions.length - 2) await from([...kills, k], seed)
      if (through) return
    }
  }
  for (const seed of SEEDS) await from([], seed)
  return endings
}

const at = (checkpointId: number, lineage = 'l1') => ({ lineage, checkpointId })
const markerOf = (disk: Disk) => JSON.parse(disk.text(MARKER_NAME)!) as unknown

test('a commit that is killed anywhere is completed by the restore', async () => {
  const endings = await tellAll({
    actions: [
      (scene) => new Run(scene.disk, 'l1').commit([...parts(scene, 3), ...parts(scene, 4)]),
      (scene) => new Run(scene.disk, 'l1').restore(at(4), both(scene)),
      (scene) => new Run(scene.disk, 'l1').restore(at(4), both(scene)),
    ],
    check: (disk, what) => expectOutput(disk, { 1: 'l1', 2: 'l1', 3: 'l1', 4: 'l1' }, what),
  })
  expect(endings).toBeGreaterThan(500)
})

const both = (scene: Scene) => [...parts(scene, 3), ...parts(scene, 4)]

test('a restore withdraws what is later, wherever it is killed', async () => {
  await tellAll({
    actions: [commit3, restore1, restore1],
    check: (disk, what) => expectOutput(disk, { 1: 'l1' }, what),
  })
})

const commit3: Action = (scene) => new Run(scene.disk, 'l1').commit(parts(scene, 3))
const restore1: Action = (scene) => new Run(scene.disk, 'l1').restore(at(1), [])

test('so does one by a lineage of its own', async () => {
  const restore: Action = (scene, i) =>
    new Run(scene.disk, `new${i}`).restore(at(1), parts(scene, 1))
  await tellAll({
    actions: [commit3, restore, restore],
    check: (disk, what) => expectOutput(disk, { 1: 'l1' }, what),
  })
})

/** Goes on from checkpoint 2, unless that is refused. */
const goOnFromLater: Action = async ({ disk }) => {
  try {
    await new Run(disk, 'later').restore(at(2), [])
  } catch (error) {
    if (error instanceof Crash) throw error
    expect(error).toMatchObject({ code: 'OUTPUT_OF_ANOTHER_JOB' })
  }
}

const lineageIn = (disk: Disk) => (markerOf(disk) as { lineage: string }).lineage

test('what a takeover has begun to withdraw cannot be gone on from', async () => {
  const seen = new Set<string>()
  await tellAll({
    actions: [
      (scene) => new Run(scene.disk, 'new').restore(at(1), parts(scene, 1)),
      goOnFromLater,
      (scene) => (lineageIn(scene.disk) === 'later' ? Promise.resolve() : takeOver(scene)),
    ],
    check: (disk, what) => {
      seen.add(lineageIn(disk))
      const all = lineageIn(disk) === 'later' ? { 1: 'l1', 2: 'l1' } : { 1: 'l1' }
      expectOutput(disk, all, what)
    },
  })
  expect(seen).toEqual(new Set(['later', 'end']))
})

const takeOver = (scene: Scene) => new Run(scene.disk, 'end').restore(at(1), parts(scene, 1))

test('what is being overwritten cannot be gone on from', async () => {
  const seen = new Set<string>()
  await tellAll({
    actions: [(scene) => new Run(scene.disk, 'new').start({ overwrite: true }), goOnFromLater],
    mayRefuse: true,
    check: (disk, what) => {
      const visible = disk.names.filter((name) => name.startsWith('part-'))
      seen.add(`${lineageIn(disk)} ${visible.length}`)
      if (lineageIn(disk) === 'later') expect([0, 4], what).toContain(visible.length)
    },
  })
  // All of it, a place like a new one, and what was refused.
  expect([...seen]).toEqual(expect.arrayContaining(['later 4', 'later 0', 'new 2']))
})

test('after takeovers the first lineage can still be gone back to', async () => {
  // Every run publishes under its own lineage before the next one is started.
  const goOn: Action = async (scene, i) => {
    const run = new Run(scene.disk, `new${i}`)
    await run.restore(at(2), parts(scene, 2))
    await run.commit(run.prepare(5))
    run.write()
  }
  await tellAll({
    actions: [goOn, goOn, (scene) => new Run(scene.disk, 'last').restore(at(1), parts(scene, 1))],
    check: (disk, what) => {
      expectOutput(disk, { 1: 'l1' }, what)
      expect(markerOf(disk)).toMatchObject({ lineage: 'last', ancestors: [at(1)] })
    },
  })
})

test('a job that goes on in an empty place misses nothing there', async () => {
  const goOn: Action = async (scene, i) => {
    const run = new Run(scene.disk, `new${i}`)
    await run.restore(at(4, 'far'), [
      { from: '.part-far-0', to: 'part-0-4.jsonl', bytes: 3, records: 1 },
    ])
    run.write()
    await run.commit(run.prepare(5))
    await run.restore(at(5, `new${i}`), [])
  }
  await tellAll({
    from: emptyScene,
    actions: [goOn, goOn, goOn],
    check: (disk, what) => expectOutput(disk, { 5: 'new2' }, what),
  })
})

async function emptyScene(): Promise<Scene> {
  const disk = new Disk()
  for (const name of strangers) disk.createDurably(name, 'precious')
  return { disk, parts: new Map() }
}

test('a job that is started anew before its first commit leaves nothing behind', async () => {
  const startAnew: Action = async (scene, i) => {
    const run = new Run(scene.disk, `new${i}`)
    await run.start()
    run.prepare(1)
    run.write()
  }
  await tellAll({
    from: emptyScene,
    actions: [startAnew, startAnew, (scene) => new Run(scene.disk, 'last').start()],
    check: (disk, what) => {
      expectOutput(disk, {}, what)
      expect(markerOf(disk)).toMatchObject({ lineage: 'last', ancestors: [] })
    },
  })
})

test('what is overwritten is gone, wherever that is killed', async () => {
  const overwrite: Action = (scene, i) => new Run(scene.disk, `new${i}`).start({ overwrite: true })
  await tellAll({
    actions: [overwrite, overwrite, overwrite],
    check: (disk) => {
      // Leftovers of anybody are in the way of nobody then.
      expect(disk.names).toEqual([MARKER_NAME, 'notes.txt'])
      expect(markerOf(disk)).toMatchObject({ lineage: 'new2' })
    },
  })
})

test('a job that is killed while it finishes leaves all of its output', async () => {
  const finish: Action = async (scene) => {
    const run = new Run(scene.disk, 'l1')
    await run.commit(both(scene))
    await run.finish()
  }
  await tellAll({
    from: async () => {
      const made = await scene()
      await new Run(made.disk, 'l1').restore(at(4), both(made))
      return made
    },
    actions: [finish, finish, finish],
    check: (disk, what) => {
      expectOutput(disk, { 1: 'l1', 2: 'l1', 3: 'l1', 4: 'l1' }, what)
      expect(disk.names.filter((name) => name.startsWith(MARKER_NAME))).toEqual([])
    },
  })
})
