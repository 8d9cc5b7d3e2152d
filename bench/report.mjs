import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { plan } from './plan.mjs'

const folder = join(import.meta.dirname, 'results')

/** Writes the figures of one workload: results/<name>.json. */
export function save(name, result) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`)
}

/** Reads every result that there is, by workload. */
export function load() {
  const results = {}
  for (const file of readdirSync(folder)) {
    const name = file.replace(/\.json$/, '')
    if (file.endsWith('.json') && name in plan) results[name] = JSON.parse(readFileSync(join(folder, file), 'utf8'))
  }
  return results
}

/** A goal's ratio and whether it is met; null when a figure is missing. */
export function judge(goal, workload, results) {
  const figure = ([contender, name, other = workload]) => results[other]?.contenders[contender]?.[name]?.median
  const ours = figure(goal.ours)
  if (ours === undefined) return null
  if (goal.theirs === undefined) return { value: ours, unit: goal.unit ?? ' ms', isMet: ours <= goal.atMost }
  const theirs = figure(goal.theirs)
  if (theirs === undefined) return null
  if (goal.atMost !== undefined) return { value: ours / theirs, unit: '×', isMet: ours / theirs <= goal.atMost }
  return { value: theirs / ours, unit: '×', isMet: theirs / ours >= goal.atLeast }
}

const number = (n) => (n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2))
const range = ({ median, min, max }) => `${number(median)} (${number(min)}–${number(max)})`
const row = (cells) => `| ${cells.join(' | ')} |`
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')

/** The whole report as Markdown. */
export function markdown(results) {
  const parts = [
    '# Figures',
    '`make bench` writes this page from the files beside it. Both contenders run in one page and one run and take turns;' +
      ' figures are milliseconds as the page sees them, from its call to plain objects: the median of the rounds, and the least and the greatest in brackets.',
  ]
  const goals = []
  const sections = []
  for (const [name, { title, goals: wanted }] of Object.entries(plan)) {
    const result = results[name]
    if (result === undefined) continue
    for (const goal of wanted) {
      const verdict = judge(goal, name, results)
      if (verdict !== null)
        goals.push([title, goal.title, `${number(verdict.value)}${verdict.unit}`, verdict.isMet ? 'yes' : 'no'])
    }
    const figures = [...new Set(Object.values(result.contenders).flatMap((figures) => Object.keys(figures)))]
    sections.push(
      `## ${title}`,
      `${result.date}, ${result.rounds} rounds of ${result.rows.toLocaleString('en')} rows and ${result.calls.toLocaleString('en')} calls; ` +
        `${result.browser}; ${result.machine}; ${result.commit}.`,
      table(
        ['', ...figures],
        Object.entries(result.contenders).map(([who, of]) => [
          who,
          ...figures.map((figure) => (of[figure] ? range(of[figure]) : '')),
        ]),
      ),
    )
  }
  parts.push('## Goals', table(['work', 'goal', 'measured', 'met'], goals), ...sections)
  const any = Object.values(results)[0]
  if (any !== undefined) {
    parts.push(
      '## Contenders',
      table(
        ['', 'version', 'durability'],
        Object.entries(Object.assign({}, ...Object.values(results).map((result) => result.described))).map(
          ([who, of]) => [who, of.version, of.durability],
        ),
      ),
      '`rockpool` writes to a table of this device only, `rockpool-synced` to a synced one, whose rows are also captured and queued in the outbox' +
        ' inside the same transaction: work that the other does not do.',
    )
  }
  return `${parts.join('\n\n')}\n`
}

/** Writes results/results.md. */
export function saveMarkdown(text) {
  writeFileSync(join(folder, 'results.md'), text)
}
