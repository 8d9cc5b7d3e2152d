import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

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
  return start(join(root, 'web/shop/dist'), async (seed) => {
    await done(spawn(process.execPath, [join(root, 'web/shop/seed/northwind.mjs'), seed], { stdio: 'inherit' }))
  })
}

/**
 * A database of the test's own, with the bare page (web/e2e/lab): `schema` is
 * the text of schema.yaml, `rows` has rows by table.
 */
export async function startLab(schema: string, rows: Record<string, readonly object[]> = {}): Promise<Relay> {
  return start(join(root, 'web/e2e/lab/dist'), async (seed) => {
    mkdirSync(seed)
    writeFileSync(join(seed, 'schema.yaml'), schema)
    for (const [table, list] of Object.entries(rows)) writeFileSync(join(seed, `${table}.json`), JSON.stringify(list))
  })
}

async function start(app: string, writeSeed: (folder: string) => Promise<void>): Promise<Relay> {
  const folder = mkdtempSync(join(tmpdir(), 'rockpool-e2e-'))
  const seed = join(folder, 'seed')
  await writeSeed(seed)
  const port = await freePort()
  const relay = spawn(
    join(root, 'bin/rockpool'),
    ['dev', '-seed', seed, '-web', app, '-store', join(folder, 'rockpool.db'), '-listen', `127.0.0.1:${port}`],
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
