import { execFile, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../..')

/** Builds what a site is made of: the relay, and the command that runs a Postgres. */
export function buildPrograms() {
  execFileSync('go', ['build', '-o', join(root, 'bin/rockpool'), './server'], { cwd: root, stdio: 'inherit' })
  execFileSync('go', ['build', '-o', join(root, 'build/testpg'), './internal/testpg/cmd'], {
    cwd: root,
    stdio: 'inherit',
  })
}

/**
 * A relay that serves the bench's page, on a Postgres of its own with the tables
 * of `sql`, or, with a `schema` (the text of schema.yaml), on the embedded store.
 * `config` is rockpool.yaml.
 */
export async function openSite({ sql, schema, config }) {
  const folder = mkdtempSync(join(tmpdir(), 'rockpool-bench-site-'))
  const seed = join(folder, 'seed')
  mkdirSync(seed)
  writeFileSync(join(seed, 'rockpool.yaml'), config)
  const ends = [async () => rmSync(folder, { recursive: true, force: true })]
  const close = async () => {
    while (ends.length > 0) await ends.pop()()
  }
  try {
    const args = ['relay', '-config', join(seed, 'rockpool.yaml'), '-store', join(folder, 'relay.db')]
    let databaseUrl
    if (sql === undefined) {
      writeFileSync(join(seed, 'schema.yaml'), schema)
      args.push('-seed', seed)
    } else {
      writeFileSync(join(seed, 'seed.sql'), sql)
      const postgres = spawn(join(root, 'build/testpg'), ['-seed', join(seed, 'seed.sql')], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      ends.push(() => ended(postgres))
      databaseUrl = await new Promise((resolve, reject) => {
        postgres.stdout.once('data', (line) => resolve(line.toString().replace('postgres:', '').trim()))
        postgres.once('exit', (code) => reject(new Error(`Postgres ended with ${code}`)))
      })
      args.push('-database-url', databaseUrl)
    }
    const port = await freePort()
    args.push('-listen', `127.0.0.1:${port}`, '-web', join(root, 'bench/dist'))
    const url = `http://127.0.0.1:${port}`
    const began = performance.now()
    const relay = spawn(join(root, 'bin/rockpool'), args, { stdio: ['ignore', 'ignore', 'inherit'] })
    ends.push(() => ended(relay))
    await answers(`${url}/health`, relay)
    return {
      url,
      databaseUrl,
      /** Milliseconds from the relay's start until it serves: its own first load. */
      startMs: performance.now() - began,
      /** Runs SQL with psql; one line a row, columns apart by a bar. */
      query: async (text) => (await promisify(execFile)('psql', [databaseUrl, '-qtA', '-c', text])).stdout.trim(),
      /** The relay's greatest resident memory so far, bytes. */
      relayPeak: () => 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${relay.pid}/status`, 'utf8'))?.[1]),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
  })
}

/** How long a relay may take to serve: it loads its tables first. */
const START_MS = 120_000

async function answers(url, relay) {
  const end = Date.now() + START_MS
  for (;;) {
    if (relay.exitCode !== null) throw new Error(`the relay ended with ${relay.exitCode}`)
    try {
      if ((await fetch(url)).ok) return
    } catch {
      // not listening yet
    }
    if (Date.now() > end) throw new Error('the relay does not answer')
    await new Promise((next) => setTimeout(next, 10))
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}
