// What the benchmarks share: medians, CPU time, and a look at who else uses the machine.
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
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
