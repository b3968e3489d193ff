/** What schedules were like, over many of them. */

/** A schedule that is shorter, or has fewer checkpoints, proves little and is not counted. */
const STEPS_MIN = 500
const CHECKPOINTS_MIN = 2

export class Distribution {
  failures = []
  #all = 0
  #counted = []
  #edges = new Map()

  add(outcome) {
    this.#all++
    if (outcome.error !== undefined) this.failures.push(outcome)
    const { steps, completed } = outcome.figures
    if (steps < STEPS_MIN || completed < CHECKPOINTS_MIN) return
    const { figures, disturbances, changes, rescales, vertices, tasks, mode } = outcome
    this.#counted.push({
      ...figures,
      changes,
      rescales,
      vertices,
      tasks,
      mode,
      kinds: disturbances,
    })
    for (const edge of new Set(outcome.edges)) {
      this.#edges.set(edge, (this.#edges.get(edge) ?? 0) + 1)
    }
  }

  get share() {
    const all = this.#counted
    return {
      counted: all.length / this.#all,
      restored: all.filter((one) => one.restarts + one.processes > 1).length / all.length,
      rescaled: all.filter((one) => one.rescales > 0).length / all.length,
    }
  }

  #nodes() {
    const shares = [...this.#edges].map(([edge, n]) => [edge, percent(n / this.#counted.length)])
    return shares.map((one) => one.join(' ')).join(', ')
  }

  text({ first, minutes }) {
    const all = this.#counted
    const { counted, restored, rescaled } = this.share
    const lines = [
      `${this.#all} schedules from seed ${first}, ${Math.round(this.#all / minutes)} a minute; ` +
        `${percent(counted)} count: at least ${STEPS_MIN} steps and ${CHECKPOINTS_MIN} checkpoints`,
      `of these: ${percent(restored)} restored, ${percent(rescaled)} rescaled, ` +
        `${percent(share(all, (one) => one.diskFaults > 0))} with failures of the disk, ` +
        `${percent(share(all, (one) => one.mode === 'at-least-once'))} at least once, ` +
        `${percent(share(all, (one) => one.mode === 'unaligned'))} unaligned, ` +
        `${percent(share(all, (one) => one.changes > 0))} with other options while they run`,
      row('steps', all),
      row('preemptions', all),
      row('completed', all),
      row('aborted', all),
      row('changes', all),
      row('processes', all),
      row('vertices', all),
      row('tasks', all),
      `nodes: ${this.#nodes()}`,
    ]
    return lines.join('\n')
  }
}

function row(name, all) {
  const values = all.map((one) => one[name]).sort((a, b) => a - b)
  const at = (q) => values[Math.min(values.length - 1, Math.floor(q * values.length))]
  return `${name.padEnd(12)} p1 ${at(0.01)}, p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)}`
}

function share(all, has) {
  return all.filter(has).length / all.length
}

function percent(part) {
  return `${Math.round(100 * part)} %`
}
