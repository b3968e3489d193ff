// A chart of lines over time as SVG: what each case measured, second by second.

const WIDTH = 760
const HEIGHT = 320
const LEFT = 70
const RIGHT = 220
const TOP = 48
const BOTTOM = 40
const COLOURS = ['#2f6f9f', '#b0662a', '#3f8f4f', '#8f3f7f', '#6f6f6f', '#c0392b', '#16a085']
const TICKS = 4

/** `lines`: { label, points: [seconds, value][] }, all in `unit`; values from 0 on. */
export function lineChart({ title, unit, lines }) {
  const points = lines.flatMap((line) => line.points)
  const xMax = Math.max(1, ...points.map(([x]) => x))
  const yMax = Math.max(Number.MIN_VALUE, ...points.map(([, y]) => y))
  const x = (value) => (LEFT + (value / xMax) * (WIDTH - LEFT - RIGHT)).toFixed(1)
  const y = (value) => (HEIGHT - BOTTOM - (value / yMax) * (HEIGHT - TOP - BOTTOM)).toFixed(1)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">`,
    '<style>text{font:14px system-ui,sans-serif;fill:#222}.t{font-weight:600}</style>',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text class="t" x="12" y="26">${escaped(`${title} (${unit}, over seconds)`)}</text>`,
    ...ticks(yMax).flatMap((value) => [
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}" stroke="#ddd"/>`,
      `<text x="${LEFT - 8}" y="${Number(y(value)) + 5}" text-anchor="end">${short(value)}</text>`,
    ]),
    ...ticks(xMax).map(
      (value) =>
        `<text x="${x(value)}" y="${HEIGHT - BOTTOM + 22}" text-anchor="middle">` +
        `${short(value)}</text>`,
    ),
    ...lines.flatMap((line, index) => drawLine(line, index, (at, of) => `${x(at)},${y(of)}`)),
    '</svg>',
    '',
  ].join('\n')
}

function drawLine({ label, points }, index, place) {
  const colour = COLOURS[index % COLOURS.length]
  const path = points.map(([at, value]) => place(at, value)).join(' ')
  const legendY = TOP + 20 * index + 5
  return [
    `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${path}"/>`,
    `<rect x="${WIDTH - RIGHT + 16}" y="${legendY - 10}" width="12" height="12" fill="${colour}"/>`,
    `<text x="${WIDTH - RIGHT + 34}" y="${legendY}">${escaped(label)}</text>`,
  ]
}

function ticks(most) {
  return Array.from({ length: TICKS + 1 }, (_, k) => (most * k) / TICKS)
}

const short = (value) => String(Number(value.toPrecision(3)))

function escaped(text) {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
}
