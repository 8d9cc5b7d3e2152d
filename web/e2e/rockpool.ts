import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** A relay with the embedded database, Northwind in it, and the shop. */
export interface Relay {
  readonly url: string
  readonly close: () => Promise<void>
}

/** Makes the seed and starts `bin/rockpool dev` on a free port; resolves when it answers. */
export async function startShop(): Promise<Relay> {
  const folder = mkdtempSync(join(tmpdir(), 'rockpool-e2e-'))
  await done(
    spawn(process.execPath, [join(root, 'web/shop/seed/northwind.mjs'), join(folder, 'seed')], { stdio: 'inherit' }),
  )
  const port = await freePort()
  const relay = spawn(
    join(root, 'bin/rockpool'),
    [
      'dev',
      '-seed',
      join(folder, 'seed'),
      '-web',
      join(root, 'web/shop/dist'),
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
