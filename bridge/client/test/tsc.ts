/** Runs the compiler on files of a test's own, in build/typecheck. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../../', import.meta.url))

/** What the compiler said. */
export interface Checked {
  readonly errors: readonly { readonly file: string; readonly line: number; readonly text: string }[]
  /** Types that generic ones were made into: what a schema's size costs an editor. */
  readonly instantiations: number
}

/** A folder below build/typecheck with these files, and the compiler's options of the house. */
export function project(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(root, 'build/typecheck', name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const config = { extends: '../../../tsconfig.json', include: ['*.ts'] }
  for (const [file, text] of Object.entries({ ...files, 'tsconfig.json': JSON.stringify(config) }))
    writeFileSync(join(folder, file), text)
  return folder
}

/** Checks a folder's project on one thread, so that the count is the same each time. */
export function check(folder: string): Checked {
  const args = ['--project', folder, '--extendedDiagnostics', '--singleThreaded', '--pretty', 'false']
  let out: string
  try {
    out = execFileSync(join(root, 'node_modules/.bin/tsc'), args, { cwd: folder, encoding: 'utf8' })
  } catch (thrown) {
    out = (thrown as { stdout: string }).stdout // it ends with 1 when there are errors
  }
  const errors = [...out.matchAll(/^(\S+?)\((\d+),\d+\): error (.*)$/gm)].map((match) => ({
    file: match[1] ?? '',
    line: Number(match[2]),
    text: match[3] ?? '',
  }))
  const instantiations = Number(/^Instantiations:\s+(\d+)/m.exec(out)?.[1])
  if (!Number.isInteger(instantiations)) throw new Error(`the compiler told no instantiations:\n${out}`)
  return { errors, instantiations }
}
