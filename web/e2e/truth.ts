/** The source of truth behind a relay, for tests whose body is the same on every source. */

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startLab, startLabOnPostgres } from './rockpool.ts'

/** A relay, and a way past it to what the source holds. */
export interface Truth {
  readonly url: string
  /** The rows of a reading statement at the source, every cell as text; NULL is "NULL". */
  readonly query: (sql: string) => Promise<readonly Readonly<Record<string, string>>[]>
  readonly close: () => Promise<void>
}

const run = promisify(execFile)
const binary = fileURLToPath(new URL('../../bin/rockpool', import.meta.url))

/** The embedded relay on tables of the test's own: its store is the truth. */
export async function startEmbedded(schema: string, rows: Record<string, readonly object[]>): Promise<Truth> {
  const relay = await startLab(schema, rows)
  return {
    url: relay.url,
    close: relay.close,
    query: async (sql) => table((await run(binary, ['sql', '-store', join(relay.folder, 'rockpool.db'), sql])).stdout),
  }
}

/** A relay that follows a Postgres of its own, which is the truth. */
export async function startPostgres(sql: string, config: string): Promise<Truth> {
  const relay = await startLabOnPostgres(sql, config)
  return {
    url: relay.url,
    close: relay.close,
    query: async (text) => {
      const flags = ['--quiet', '--no-align', '--field-separator=\t', '--pset=footer=off', '--pset=null=NULL']
      return table((await run('psql', [relay.databaseUrl, ...flags, '--command', text])).stdout)
    },
  }
}

/** Rows of a text whose first line has the names, columns apart by a tab. */
function table(text: string): readonly Readonly<Record<string, string>>[] {
  const [head = '', ...lines] = text.split('\n').filter((line) => line !== '')
  const names = head.split('\t')
  return lines.map((line) => Object.fromEntries(line.split('\t').map((cell, at) => [names[at] ?? '', cell])))
}
