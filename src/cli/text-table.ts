/** Rows as columns of text, for people. */

export interface Column<Row> {
  readonly title: string
  /** Numbers stand at the right. */
  readonly align: 'left' | 'right'
  text(row: Row): string
}

/** Lines without a line break at the end, the titles first. */
export function tableText<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const padded = columns.map(({ title, align, text }) => {
    const cells = [title, ...rows.map(text)]
    const width = Math.max(...cells.map((cell) => cell.length))
    return cells.map((cell) => (align === 'left' ? cell.padEnd(width) : cell.padStart(width)))
  })
  const lines = [...rows.keys(), rows.length].map((i) => padded.map((cells) => cells[i]))
  return lines.map((cells) => cells.join('  ').trimEnd()).join('\n')
}
