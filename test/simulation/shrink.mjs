/** Less of a schedule that still fails: fewer nodes, records and disturbances, no more faults. */

/** What fails in one order of events may need another where there is less of them. */
const NOISES = 12
const SECONDS_MAX = 60

/**
 * @param {Function} runSchedule
 * @param {{ seed: number, reduction: object }} from
 * @returns the smallest reduction that was found to fail
 */
export async function shrink(runSchedule, { seed, reduction }) {
  const untilMs = performance.now() + 1_000 * SECONDS_MAX
  const first = await runSchedule(seed, { reduction })
  if (first.error === undefined) return reduction
  let smallest = reduction
  let { disturbances, edges } = first
  disturbances = disturbances.map((_, k) => k)
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false
    for (const candidate of candidates(smallest, { disturbances, nodes: edges.length })) {
      if (performance.now() > untilMs) return smallest
      const found = await failing(runSchedule, { seed, candidate })
      if (found === undefined) continue
      smallest = found
      isSmaller = true
      break
    }
  }
  return smallest
}

async function failing(runSchedule, { seed, candidate }) {
  for (let noise = 0; noise < NOISES; noise++) {
    const reduction = { ...candidate, noise }
    const { error } = await runSchedule(seed, { reduction })
    if (error !== undefined) return reduction
  }
  return undefined
}

/** From the largest step to the smallest. */
function* candidates(now, { disturbances, nodes }) {
  const left = now.disturbances ?? disturbances
  for (const k of left) yield { ...now, disturbances: left.filter((other) => other !== k) }
  if (now.diskFaults === undefined) yield { ...now, diskFaults: false }
  if (now.preemptions === undefined) yield { ...now, preemptions: false }
  const most = now.nodes ?? nodes
  for (let count = 1; count < most; count++) yield { ...now, nodes: count }
  const records = now.records ?? 75
  if (records > 2) yield { ...now, records: Math.floor(records / 2) }
}
