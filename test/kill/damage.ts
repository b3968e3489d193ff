/** Damages the newest checkpoint of a directory, as a disk may long after it was written. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Prng } from '../../src/base/prng.ts'

export interface Damaged {
  readonly id: number
  /** The checkpoint before it. */
  readonly older: number
  readonly what: string
}

interface DamageOptions {
  readonly random: Prng
  /** Those that are damaged already. */
  readonly before: ReadonlySet<number>
}

/** Undefined, and nothing damaged, where the job would have nothing to go back to. */
export function damageNewest(
  checkpoints: string,
  { random, before }: DamageOptions,
): Damaged | undefined {
  const [id, older] = completeIn(checkpoints)
  if (id === undefined || older === undefined || before.has(id) || before.has(older)) {
    return undefined
  }
  const folder = join(checkpoints, `chk-${id}`)
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'))
  const name = names[random.below(names.length)]!
  const how = damage(join(folder, name), random)
  return { id, older, what: `chk-${id}/${name} ${how}` }
}

/** Newest first. */
export function completeIn(checkpoints: string): readonly number[] {
  if (!existsSync(checkpoints)) return []
  return readdirSync(checkpoints)
    .filter((name) => existsSync(join(checkpoints, name, '_metadata')))
    .map((name) => Number(name.slice('chk-'.length)))
    .sort((a, b) => b - a)
}

function damage(path: string, random: Prng): string {
  const bytes = readFileSync(path)
  const at = random.below(bytes.length)
  switch (random.below(3)) {
    case 0:
      rmSync(path)
      return 'is removed'
    case 1:
      writeFileSync(path, bytes.subarray(0, at))
      return `is cut to ${at} bytes`
    default:
      bytes[at]! ^= 1 << random.below(8)
      writeFileSync(path, bytes)
      return `has a flipped bit in byte ${at}`
  }
}
