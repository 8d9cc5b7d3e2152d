/**
 * Turns the guides in docs/ into programs: every ts and tsx block of one guide,
 * in order, is one module. A line `// → value` after an expression says what it
 * gives; it becomes a check, so that a guide which no longer holds fails its
 * test (tests/guides.spec.ts) or does not compile.
 */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../../..')
const built = join(import.meta.dirname, 'built')

/** @param {string} text a guide @returns {{ code: string, line: number }[]} its ts and tsx blocks; line counts from 1 */
export function blocksOf(text) {
  const blocks = []
  for (const match of text.matchAll(/^```tsx?\n([\s\S]*?)^```$/gm)) {
    blocks.push({ code: match[1], line: text.slice(0, match.index).split('\n').length + 1 })
  }
  return blocks
}

/** @param {string} code of a block @param {number} firstLine of it in the guide @returns {string} with checks for comments */
export function withChecks(code, firstLine) {
  const lines = code.split('\n')
  for (const [at, line] of lines.entries()) {
    const expected = /^\/\/ → (.*)$/.exec(line)?.[1]
    if (expected === undefined) continue
    // The expression begins at the nearest line before that begins something.
    let begin = at - 1
    while (begin > 0 && /^([\s)\]}]|$)/.test(lines[begin])) begin--
    if (begin < 0 || lines[at - 1].trim() === '') throw new Error(`line ${firstLine + at}: no expression before it`)
    lines[begin] = `check(${firstLine + begin}, ${lines[begin]}`
    lines[at] = `, ${expected})`
  }
  return lines.join('\n')
}

/** @param {string} text a guide @returns {string} its program */
export function programOf(text) {
  const blocks = blocksOf(text).map(({ code, line }) => withChecks(code, line))
  return `import { check } from '../check.ts'\n${blocks.join('\n')}\ncheck(0, 'end', 'end')\n`
}

rmSync(built, { recursive: true, force: true })
mkdirSync(built)
for (const name of readdirSync(join(root, 'docs'))) {
  if (!name.endsWith('.md')) continue
  const text = readFileSync(join(root, 'docs', name), 'utf8')
  if (blocksOf(text).length === 0) continue
  writeFileSync(join(built, name.replace('.md', '.tsx')), programOf(text))
}
// The README's are compiled and not run: its relay is no real one.
const readme = programOf(readFileSync(join(root, 'README.md'), 'utf8'))
writeFileSync(join(built, 'README.tsx'), `declare function getToken(): Promise<string>\n${readme}`)
