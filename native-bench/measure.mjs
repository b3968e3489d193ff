// What the benchmarks share: medians, CPU time, and a look at who else uses the machine.
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The value with this share of all below it or equal: one that occurred (nearest rank). */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
}

/**
 * What the median of whatever the values were drawn from is above with 95 % confidence: the
 * highest of them of which so many are below that chance explains it less often. The lowest, where
 * there are fewer than five.
 */
export function medianLowerBound(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const count = sorted.length
  let below = 0
  let chance = 0.5 ** count
  for (let ways = chance; chance <= 0.05; chance += ways) {
    ways *= (count - below) / (below + 1)
    below++
  }
  return sorted[Math.max(0, below - 1)]
}

/** Cores used by other processes while `action` ran; undefined where /proc/stat is missing. */
export async function watched(action) {
  const before = snapshot()
  const value = await action()
  const after = snapshot()
  const ms = after.atMs - before.atMs
  const own = (after.cpuMs - before.cpuMs) / ms
  const machine = before.busyShare(after)
  const other = machine === undefined ? undefined : Math.max(0, machine - own)
  return { value, ms, cores: own, otherCores: other }
}

/** Starts a clock that tells how many cores the whole machine has used since, where it can. */
export function busyCores() {
  const before = snapshot()
  return () => before.busyShare(snapshot())
}

function snapshot() {
  const usage = process.cpuUsage()
  const stat = readStat()
  return {
    atMs: performance.now(),
    cpuMs: (usage.user + usage.system) / 1e3,
    stat,
    busyShare(later) {
      if (stat === undefined || later.stat === undefined) return undefined
      const total = later.stat.total - stat.total
      return availableParallelism() * (1 - (later.stat.idle - stat.idle) / total)
    },
  }
}

function readStat() {
  try {
    const line = readFileSync('/proc/stat', 'utf8').split('\n')[0]
    const fields = line.trim().split(/\s+/).slice(1, 9).map(Number)
    return { idle: fields[3] + fields[4], total: fields.reduce((a, b) => a + b, 0) }
  } catch {
    return undefined
  }
}

export const round = (value, digits = 2) => Number(value.toFixed(digits))

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
