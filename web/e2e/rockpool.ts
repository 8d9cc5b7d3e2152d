import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** A running `bin/rockpool dev`: the embedded database, and an app that it serves. */
export interface Relay {
  readonly url: string
  /** The relay's process, to stop or to kill. */
  readonly process: ChildProcess
  /** Its folder: rockpool.db is the store. */
  readonly folder: string
  readonly close: () => Promise<void>
}

/** Northwind from npm, with the shop. */
export async function startShop(): Promise<Relay> {
  return start(withLab, async (seed) => {
    await done(spawn(process.execPath, [join(root, 'web/shop/seed/northwind.mjs'), seed], { stdio: 'inherit' }))
  })
}

/** The shop, the workbench and the bare page beside it at /workbench/ and /lab/: of one origin, they share its databases. */
function withLab(folder: string): string {
  const app = join(folder, 'app')
  cpSync(join(root, 'web/shop/dist'), app, { recursive: true })
  cpSync(join(root, 'web/workbench/dist'), join(app, 'workbench'), { recursive: true })
  cpSync(join(root, 'web/e2e/lab/dist'), join(app, 'lab'), { recursive: true })
  return app
}

/** A folder to serve, or what makes one in the relay's own folder. */
type App = string | ((folder: string) => string)

/** A relay on a Postgres of its own, which can be asked. */
export interface PostgresRelay extends Relay {
  readonly databaseUrl: string
  /** Runs SQL with psql; one line a row, columns apart by a bar. */
  readonly query: (sql: string) => Promise<string>
}

/** The shop on `rockpool relay`, with Northwind in a Postgres that ends with it. */
export async function startShopOnPostgres(): Promise<PostgresRelay> {
  return startOnPostgres(withLab, async (seed) => {
    await done(spawn(process.execPath, [join(root, 'web/shop/seed/northwind.mjs'), seed], { stdio: 'inherit' }))
  })
}

/** The bare page on `rockpool relay`: `sql` makes and fills the tables, `config` is rockpool.yaml. */
export async function startLabOnPostgres(sql: string, config: string): Promise<PostgresRelay> {
  return startOnPostgres(join(root, 'web/e2e/lab/dist'), async (seed) => {
    mkdirSync(seed)
    writeFileSync(join(seed, 'seed.sql'), sql)
    writeFileSync(join(seed, 'rockpool.yaml'), config)
  })
}

async function startOnPostgres(app: App, writeSeed: (folder: string) => Promise<void>): Promise<PostgresRelay> {
  const folder = mkdtempSync(join(tmpdir(), 'rockpool-e2e-'))
  const seed = join(folder, 'seed')
  await writeSeed(seed)
  const testpg = join(folder, 'testpg')
  await done(spawn('go', ['build', '-o', testpg, './internal/testpg/cmd'], { cwd: root, stdio: 'inherit' }))
  const postgres = spawn(testpg, ['-seed', join(seed, 'seed.sql')], { stdio: ['ignore', 'pipe', 'inherit'] })
  const stopped = new Promise<void>((resolve) => postgres.once('exit', () => resolve()))
  const url = await new Promise<string>((resolve, reject) => {
    postgres.stdout.once('data', (line: Buffer) => resolve(line.toString().replace('postgres:', '').trim()))
    postgres.once('exit', (code) => reject(new Error(`Postgres ended with ${code}`)))
  })
  const end = async (): Promise<void> => {
    postgres.kill('SIGTERM')
    await stopped
  }
  try {
    const relay = await serve(folder, app, ['relay', '-config', join(seed, 'rockpool.yaml'), '-database-url', url])
    return {
      ...relay,
      databaseUrl: url,
      query: async (sql) => (await promisify(execFile)('psql', [url, '-qtA', '-c', sql])).stdout.trim(),
      close: async () => {
        try {
          await relay.close()
        } finally {
          await end()
        }
      },
    }
  } catch (error) {
    await end() // the relay did not start, and nobody else knows of this Postgres
    throw error
  }
}

/**
 * A database of the test's own, with the bare page (web/e2e/lab): `schema` is
 * the text of schema.yaml, `rows` has rows by table.
 */
export async function startLab(
  schema: string,
  rows: Record<string, readonly object[]> = {},
  app = join(root, 'web/e2e/lab/dist'),
): Promise<Relay> {
  return start(app, async (seed) => {
    mkdirSync(seed)
    writeFileSync(join(seed, 'schema.yaml'), schema)
    for (const [table, list] of Object.entries(rows)) writeFileSync(join(seed, `${table}.json`), JSON.stringify(list))
  })
}

/** As startLab, with the programs of docs/ (web/e2e/guides): /?guide=queries runs one. */
export async function startGuide(schema: string, rows: Record<string, readonly object[]>): Promise<Relay> {
  return startLab(schema, rows, join(root, 'web/e2e/guides/dist'))
}

/** As startLab, with the core that has failpoints (`make core-failpoints`). */
export async function startLabWithFailpoints(
  schema: string,
  rows: Record<string, readonly object[]> = {},
): Promise<Relay> {
  const app = mkdtempSync(join(tmpdir(), 'rockpool-e2e-app-'))
  cpSync(join(root, 'web/e2e/lab/dist'), app, { recursive: true })
  const cores = readdirSync(join(app, 'assets')).filter((name) => /^core-.*\.wasm$/.test(name))
  if (cores.length !== 1) throw new Error(`the lab has ${cores.length} cores: npm run build -w @rockpool/e2e`)
  for (const name of cores) copyFileSync(join(root, 'build/core-failpoints.wasm'), join(app, 'assets', name))
  const relay = await startLab(schema, rows, app)
  return {
    ...relay,
    close: async () => {
      await relay.close()
      rmSync(app, { recursive: true, force: true })
    },
  }
}

async function start(app: App, writeSeed: (folder: string) => Promise<void>): Promise<Relay> {
  const folder = mkdtempSync(join(tmpdir(), 'rockpool-e2e-'))
  const seed = join(folder, 'seed')
  await writeSeed(seed)
  return serve(folder, app, ['dev', '-seed', seed])
}

async function serve(folder: string, app: App, command: readonly string[]): Promise<Relay> {
  const port = await freePort()
  const relay = spawn(
    join(root, 'bin/rockpool'),
    [
      ...command,
      '-web',
      typeof app === 'string' ? app : app(folder),
      '-store',
      join(folder, 'rockpool.db'),
      '-listen',
      `127.0.0.1:${port}`,
    ],
    { stdio: 'inherit' },
  )
  const url = `http://127.0.0.1:${port}`
  const ended = new Promise<void>((resolve) => relay.once('exit', () => resolve()))
  await answers(`${url}/health`, relay)
  return {
    url,
    process: relay,
    folder,
    close: async () => {
      relay.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function answers(url: string, relay: ChildProcess): Promise<void> {
  const end = Date.now() + 20_000
  for (;;) {
    if (relay.exitCode !== null) throw new Error(`the relay ended with ${relay.exitCode}`)
    try {
      if ((await fetch(url)).ok) return
    } catch {
      // not listening yet
    }
    if (Date.now() > end) throw new Error('the relay does not answer')
    await new Promise((next) => setTimeout(next, 50))
  }
}

function done(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`it ended with ${code}`))))
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}
