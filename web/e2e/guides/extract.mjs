/**
 * Turns the guides in docs/ into programs: every ts and tsx block of one guide,
 * in order, is one module. A line `// → value` after an expression says what it
 * gives; it becomes a check, so that a guide which no longer holds fails its
 * test (tests/guides.spec.ts) or does not compile.
 */

import { execFileSync } from 'node:child_process'
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

/** Writes gen/schema.ts as docs/generate.md says, from the tables of docs/start.md. */
function generate() {
  const yaml = /^```yaml\n([\s\S]*?)^```$/m.exec(readFileSync(join(root, 'docs/start.md'), 'utf8'))?.[1]
  if (yaml === undefined) throw new Error('docs/start.md has no yaml block')
  const seed = join(built, 'seed')
  mkdirSync(seed)
  writeFileSync(join(seed, 'schema.yaml'), yaml)
  execFileSync('go', ['run', './server', 'generate', '--from', seed, '--out', join(built, 'gen'), '--ts'], {
    cwd: root,
  })
  const written = readFileSync(join(built, 'gen/schema.ts'), 'utf8')
  const guide = readFileSync(join(root, 'docs/generate.md'), 'utf8')
  for (const [, shown] of guide.matchAll(/^```typescript\n([\s\S]*?)^```$/gm))
    if (!written.includes(shown)) throw new Error(`docs/generate.md shows what is not written:\n${shown}`)
}

rmSync(built, { recursive: true, force: true })
mkdirSync(built)
generate()
for (const name of readdirSync(join(root, 'docs'))) {
  if (!name.endsWith('.md')) continue
  const text = readFileSync(join(root, 'docs', name), 'utf8')
  if (blocksOf(text).length === 0) continue
  writeFileSync(join(built, name.replace('.md', '.tsx')), programOf(text))
}
// The README's are compiled and not run: its relay is no real one.
const readme = programOf(readFileSync(join(root, 'README.md'), 'utf8'))
writeFileSync(join(built, 'README.tsx'), `declare function getToken(): Promise<string>\n${readme}`)
