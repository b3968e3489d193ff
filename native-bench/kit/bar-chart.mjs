// A chart of horizontal bars as SVG: one bar a figure, with the spread of its runs as a thin line.

const WIDTH = 760
const BAR = 22
const GAP = 12
const LEFT = 300
const RIGHT = 110
const TOP = 48
const COLOURS = { ours: '#2f6f9f', theirs: '#b0662a' }

/** `bars`: { label, value, runs?, of?: 'ours' | 'theirs' }, all in `unit`. */
export function barChart({ title, unit, bars }) {
  const height = TOP + bars.length * (BAR + GAP) + GAP
  const most = Math.max(...bars.flatMap(({ value, runs = [] }) => [value, ...runs]), 0)
  const scale = most === 0 ? 0 : (WIDTH - LEFT - RIGHT) / most
  const rows = bars.map((bar, index) => drawBar(bar, TOP + index * (BAR + GAP), scale, unit))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    '<style>text{font:14px system-ui,sans-serif;fill:#222}.t{font-weight:600}</style>',
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text class="t" x="12" y="26">${escaped(`${title} (${unit})`)}</text>`,
    ...rows,
    '</svg>',
    '',
  ].join('\n')
}

function drawBar({ label, value, runs = [], of = 'ours' }, y, scale, unit) {
  const middle = y + BAR / 2
  const end = LEFT + value * scale
  const spread =
    runs.length < 2
      ? ''
      : `<line x1="${at(Math.min(...runs))}" x2="${at(Math.max(...runs))}" y1="${middle}" ` +
        `y2="${middle}" stroke="#222"/>`
  function at(run) {
    return (LEFT + run * scale).toFixed(1)
  }
  const number = `${Number(value.toPrecision(3))} ${unit}`
  const width = Math.max(1, value * scale).toFixed(1)
  return [
    `<text x="${LEFT - 10}" y="${middle + 5}" text-anchor="end">${escaped(label)}</text>`,
    `<rect x="${LEFT}" y="${y}" width="${width}" height="${BAR}" fill="${COLOURS[of]}"/>`,
    spread,
    `<text x="${(end + 8).toFixed(1)}" y="${middle + 5}">${escaped(number)}</text>`,
  ].join('')
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
}
