import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { WebSocketServer } from 'ws'

/**
 * From an INSERT that is sent to Postgres until a live query's callback in
 * Chromium has its row; beside it, by turns, the same INSERT into a table that
 * nobody follows, and a bare WebSocket message once it is committed: the least
 * that a WAL flush and a socket cost here.
 */

const sql = `
CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL, v float8 NOT NULL, grp int NOT NULL);
CREATE TABLE bare (id int PRIMARY KEY, name text NOT NULL, v float8 NOT NULL, grp int NOT NULL);
`

const config = `
auth: { anonymous: true }
tables:
  t: { read: true }
`

const now = () => performance.timeOrigin + performance.now()
const quantile = (numbers, q) => [...numbers].sort((a, b) => a - b)[Math.max(0, Math.ceil(q * numbers.length) - 1)]

export const commit = {
  title: 'an INSERT in Postgres to the callback of a live query',
  contenders: { postgres: { sql, config } },
  goals: [
    { of: 'postgres', figure: 'p50', atMost: 5 },
    { of: 'postgres', figure: 'p99OfBare', atMost: 4 },
  ],
  async run({ site, page, size }) {
    const socket = await bareSocket()
    const psql = session(site.databaseUrl)
    try {
      await page.evaluate((url) => window.bench.follow(url), socket.url)
      const skew = await socket.skew()
      const ours = []
      const bare = []
      for (let id = 1; id <= size.commits; id++) {
        const row = `(${id}, 'name of row ${id}', ${id * 1.5}, ${id % 100})`
        let began = now()
        await psql.run(`INSERT INTO t VALUES ${row};`)
        ours.push((await page.evaluate((of) => window.bench.seen(of), id)) - skew - began)
        began = now()
        await psql.run(`INSERT INTO bare VALUES ${row};`)
        bare.push((await socket.send(id)) - skew - began)
      }
      return {
        p50: quantile(ours, 0.5),
        p99: quantile(ours, 0.99),
        bareP50: quantile(bare, 0.5),
        bareP99: quantile(bare, 0.99),
        p99OfBare: quantile(ours, 0.99) / quantile(bare, 0.99),
      }
    } finally {
      psql.end()
      await socket.close()
    }
  },
}

/** A psql that stays: one statement at a time. */
function session(url) {
  const child = spawn('psql', [url, '-qtA'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    run: async (text) => {
      child.stdin.write(`${text}\n\\echo done\n`)
      const { value } = await lines.next()
      if (value !== 'done') throw new Error(`psql said ${value}`)
    },
    end: () => child.stdin.end(),
  }
}

/** A WebSocket server with one client, the page, which answers each message with its own clock. */
async function bareSocket() {
  const server = createServer()
  const sockets = new WebSocketServer({ server, perMessageDeflate: false })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = new Promise((resolve) => sockets.once('connection', resolve))
  const send = async (what) => {
    const socket = await client
    const answer = new Promise((resolve) => socket.once('message', (data) => resolve(Number(data.toString()))))
    socket.send(String(what))
    return answer
  }
  return {
    url: `ws://127.0.0.1:${server.address().port}`,
    send,
    /** What the page's clock is ahead by, by the quickest of many round trips. */
    skew: async () => {
      let best = { trip: Number.POSITIVE_INFINITY, skew: 0 }
      for (let n = 0; n < 200; n++) {
        const began = now()
        const there = await send('clock')
        const trip = now() - began
        if (trip < best.trip) best = { trip, skew: there - began - trip / 2 }
      }
      return best.skew
    },
    close: () =>
      new Promise((closed) => {
        for (const socket of sockets.clients) socket.terminate()
        sockets.close(() => server.close(closed))
      }),
  }
}
