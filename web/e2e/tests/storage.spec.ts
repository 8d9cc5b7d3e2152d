import { expect, test, type Page } from '@playwright/test'
import { startLab, type Relay } from '../rockpool.ts'

/** What every row holds, so that a file that shows it is found. */
const SECRET = 'attack at dawn'
const PAGE_BYTES = 4096

let relay: Relay
test.beforeAll(async () => {
  relay = await startLab(`tables:
  notes:
    key: [id]
    columns:
      id: { type: integer, not_null: true }
      body: { type: text }
`)
})
test.afterAll(async () => {
  await relay.close()
})

/** Makes a database of some tens of pages and closes it. */
async function fill(page: Page, name: string, key?: string): Promise<void> {
  await page.goto(relay.url)
  await page.evaluate(
    async ({ name, key, secret }) => {
      const db = await window.rockpool.open({ name, ...(key === undefined ? {} : { encryption: { key } }) })
      await db.query('CREATE TABLE mine(id INTEGER PRIMARY KEY, body TEXT)')
      await db.query(
        `INSERT INTO mine WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i, '${secret} ' || i FROM n`,
      )
      await db.close()
    },
    { name, key, secret: SECRET },
  )
}

/** Opens it again and answers what the rows add up to, or how that failed. */
async function read(page: Page, name: string, key?: string): Promise<{ n: number } | { kind: string; hint: string }> {
  await page.goto(relay.url)
  return page.evaluate(
    async ({ name, key }) => {
      const options = key === undefined ? { name } : { name, encryption: { key } }
      let db: Awaited<ReturnType<typeof window.rockpool.open>> | undefined
      try {
        db = await window.rockpool.open(options)
        const rows = await db.query<{ n: number }>('SELECT count(*) AS n FROM mine WHERE length(body) > 0')
        return { n: rows[0]?.n ?? -1 }
      } catch (error) {
        const { kind, hint } = error as InstanceType<typeof window.rockpool.RockpoolError>
        return { kind, hint: hint ?? '' }
      } finally {
        await db?.close()
      }
    },
    { name, key },
  )
}

/** Changes the bytes of a database's file that nobody has open: those from `from` on, counted from the end when negative, by an XOR. */
async function damage(page: Page, name: string, from: number, count: number, mask: number | 'zeros'): Promise<void> {
  await page.evaluate(
    async ({ name, from, count, mask }) => {
      const home = await (await navigator.storage.getDirectory()).getDirectoryHandle('rockpool')
      const file = await home.getFileHandle(name)
      const bytes = new Uint8Array(await (await file.getFile()).arrayBuffer())
      const hurt = bytes.subarray(from).subarray(0, count)
      for (const [at, byte] of hurt.entries()) hurt[at] = mask === 'zeros' ? 0 : byte ^ mask
      const writer = await file.createWritable()
      await writer.write(bytes)
      await writer.close()
    },
    { name, from, count, mask },
  )
}

/** The files of the origin, and those of them that hold a text. */
async function files(page: Page, text: string): Promise<{ names: string[]; holding: string[] }> {
  return page.evaluate(async (text) => {
    const names: string[] = []
    const holding: string[] = []
    const home = await (await navigator.storage.getDirectory()).getDirectoryHandle('rockpool')
    const list = home as unknown as { values(): AsyncIterable<FileSystemFileHandle> } // the page library leaves it out
    for await (const file of list.values()) {
      names.push(file.name)
      const content = new TextDecoder('latin1').decode(await (await file.getFile()).arrayBuffer())
      if (content.includes(text)) holding.push(file.name)
    }
    return { names: names.sort(), holding }
  }, text)
}

test('an export is a database file of its own', async ({ page }) => {
  await page.goto(relay.url)
  const file = await page.evaluate(async (secret) => {
    const db = await window.rockpool.open({ name: 'lent' })
    await db.query('CREATE TABLE mine(id INTEGER PRIMARY KEY, body TEXT)')
    await db.query(
      `INSERT INTO mine WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i, '${secret} ' || i FROM n`,
    )
    const bytes = new Uint8Array(await (await db.export()).arrayBuffer())
    await db.close()
    return {
      size: bytes.length,
      magic: new TextDecoder().decode(bytes.subarray(0, 15)),
      versions: [bytes[18], bytes[19]],
      pages: new DataView(bytes.buffer).getUint32(28),
      hasRow: new TextDecoder('latin1').decode(bytes).includes(`${secret} 5000`),
    }
  }, SECRET)
  expect(file).toEqual({
    size: file.pages * PAGE_BYTES,
    magic: 'SQLite format 3',
    versions: [1, 1], // not in WAL mode: it stands alone
    pages: file.pages,
    hasRow: true,
  })
  expect(file.pages).toBeGreaterThan(20)
})

test('only the key opens an encrypted database, and no file shows what it holds', async ({ page }) => {
  await fill(page, 'secret', 'right')
  await fill(page, 'open')
  expect(await files(page, SECRET)).toEqual({
    names: ['open', 'open-journal', 'open-wal', 'secret', 'secret-journal', 'secret-wal'],
    holding: ['open'],
  })
  expect(await read(page, 'secret', 'right')).toEqual({ n: 5000 })
  expect(await read(page, 'secret', 'wrong')).toEqual({ kind: 'wrong_key', hint: expect.stringContaining('key') })
  expect(await read(page, 'secret')).toMatchObject({ kind: 'not_a_database' })
  expect(await read(page, 'secret', 'right')).toEqual({ n: 5000 })
})

test('one flipped bit is told as damage, a file of zeros as no database', async ({ page }) => {
  await fill(page, 'hurt')
  // The last pages hold rows; nobody reads the first ones, our own tables', in this test.
  const inside = -3 * PAGE_BYTES + 1000
  await damage(page, 'hurt', inside, 1, 0x10)
  expect(await read(page, 'hurt')).toEqual({ kind: 'corrupt', hint: expect.stringContaining('export') })
  await damage(page, 'hurt', inside, 1, 0x10)
  expect(await read(page, 'hurt')).toEqual({ n: 5000 })
  await damage(page, 'hurt', 0, Number.MAX_SAFE_INTEGER, 'zeros')
  expect(await read(page, 'hurt')).toEqual({ kind: 'not_a_database', hint: expect.stringContaining('reset') })
})
