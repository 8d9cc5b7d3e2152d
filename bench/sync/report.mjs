import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../results/sync')

/** Writes the figures of one workload, and the page of all: results/sync. */
export function saveSync(name, result) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`)
  const all = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')))
  writeFileSync(join(folder, 'results.md'), markdown(all))
}

const number = (n) =>
  n >= 10_000 ? Math.round(n).toLocaleString('en') : n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2)
const range = ({ median, min, max }) => `${number(median)} (${number(min)}–${number(max)})`
const row = (cells) => `| ${cells.join(' | ')} |`
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')

function markdown(results) {
  const parts = [
    '# Sync, end to end',
    '`make bench-sync` writes this page: a real Postgres or the embedded store, the relay, and Chromium on OPFS, all on one machine.' +
      ' Figures are milliseconds unless their name says otherwise: the median of the rounds, and the least and the greatest in brackets.',
  ]
  for (const result of results) {
    const figures = [...new Set(Object.values(result.contenders).flatMap((of) => Object.keys(of)))]
    const goals = result.goals.map(({ of, figure, atLeast, atMost }) => {
      const value = result.contenders[of]?.[figure]?.median
      return [
        of,
        figure,
        atLeast === undefined ? `≤ ${atMost}` : `≥ ${number(atLeast)}`,
        number(value),
        value >= (atLeast ?? value) && value <= (atMost ?? value) ? 'yes' : 'no',
      ]
    })
    parts.push(
      `## ${result.title}`,
      `${result.date}, ${result.rounds} rounds; ${result.browser}; ${result.machine}; ${result.commit}.`,
      table(
        ['', ...Object.keys(result.contenders)],
        figures.map((figure) => [
          figure,
          ...Object.values(result.contenders).map((of) => (of[figure] ? range(of[figure]) : '')),
        ]),
      ),
      table(['', 'figure', 'goal', 'measured', 'met'], goals),
    )
  }
  return `${parts.join('\n\n')}\n`
}
