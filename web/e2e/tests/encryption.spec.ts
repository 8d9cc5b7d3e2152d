import { expect, test, type Page } from '@playwright/test'
import { openProfile, profileFolder } from '../profile.ts'
import { startLab, type Relay } from '../rockpool.ts'

/** Text that must not stand in any file: a value, a column, a table, and SQLite's own first words. */
const SECRETS = ['the tide turns at dawn', 'margin_notes', 'confidential', 'SQLite format 3', 'CREATE TABLE']

let relay: Relay
test.beforeAll(async () => {
  relay = await startLab(`tables:
  confidential:
    key: [id]
    columns:
      id: { type: text, not_null: true }
      margin_notes: { type: text }
`)
})
test.afterAll(async () => {
  await relay.close()
})

/** Which of the secrets stand in the page's files, and the files' sizes. */
function search(
  page: Page,
): Promise<{ readonly found: readonly string[]; readonly sizes: Readonly<Record<string, number>> }> {
  return page.evaluate(async (secrets) => {
    const found: string[] = [],
      sizes: Record<string, number> = {}
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('rockpool')
    const entries = (folder as unknown as { values(): AsyncIterable<FileSystemFileHandle> }).values()
    for await (const entry of entries) {
      const file = await entry.getFile()
      const text = new TextDecoder('latin1').decode(await file.arrayBuffer())
      sizes[entry.name] = file.size
      for (const secret of secrets) if (text.includes(secret)) found.push(`${secret} in ${entry.name}`)
    }
    return { found, sizes }
  }, SECRETS)
}

/** Opens with a key, if there is one, runs `write`, and reads the rows. An error is told by its kind and hint. */
function use(page: Page, name: string, key: string | null, row: string | null): Promise<unknown> {
  return page.evaluate(
    async ({ name, key, row }) => {
      try {
        const db = await window.rockpool.open({
          name,
          relay: { url: window.relayUrl },
          ...(key === null ? {} : { encryption: { key } }),
        })
        try {
          await db.sync.subscribe('confidential').ready
          if (row !== null)
            await db.execute([
              {
                type: 'upsert',
                table: 'confidential',
                data: { id: row, margin_notes: `the tide turns at dawn: ${row}` },
              },
            ])
          return (
            await db.query<{ id: string }>('select id from confidential where margin_notes like ? order by id', [
              'the tide%',
            ])
          ).map(({ id }) => id)
        } finally {
          await db.close()
        }
      } catch (error) {
        const { kind, hint } = error as { kind?: string; hint?: string }
        if (kind === undefined) throw error
        return { kind, hint }
      }
    },
    { name, key, row },
  )
}

test('an encrypted database opens with its key only, and its files show nothing', async () => {
  const folder = profileFolder()
  let context = await openProfile(folder.path)
  try {
    let page = await context.newPage()
    await page.goto(relay.url)
    expect(await use(page, 'sealed', 'first key', 'a')).toEqual(['a'])
    const { found, sizes } = await search(page)
    expect(found).toEqual([])
    expect(Object.keys(sizes).sort()).toEqual(expect.arrayContaining(['sealed', 'sealed-wal']))
    expect((sizes.sealed ?? 0) + (sizes['sealed-wal'] ?? 0), 'bytes that were searched').toBeGreaterThan(4096)

    // The search finds what is there to be found.
    expect(await use(page, 'plain', null, 'a')).toEqual(['a'])
    expect((await search(page)).found).toEqual(
      expect.arrayContaining(['the tide turns at dawn in plain', 'confidential in plain']),
    )

    const refused = { kind: 'wrong_key', hint: 'open the database with the key it was made with' }
    expect(await use(page, 'sealed', 'another key', null)).toEqual(refused)
    expect(await use(page, 'sealed', null, null), 'without a key').toEqual({
      kind: 'not_a_database',
      hint: expect.stringMatching(/^open it with its key/),
    })
    expect(await use(page, 'plain', 'first key', null), 'a key for a file that has none').toMatchObject({
      kind: 'wrong_key',
    })
    expect(await use(page, 'sealed', 'first key', 'b'), 'after the wrong ones').toEqual(['a', 'b'])

    await context.close()
    context = await openProfile(folder.path)
    page = await context.newPage()
    await page.goto(relay.url)
    expect(await use(page, 'sealed', 'another key', null)).toEqual(refused)
    expect(await use(page, 'sealed', 'first key', null)).toEqual(['a', 'b'])
  } finally {
    await context.close()
    folder.remove()
  }
})

// While it is open the write-ahead log is full of pages; it must show as little as the rest.
test('the write-ahead log of an open encrypted database shows nothing either', async () => {
  const folder = profileFolder()
  const context = await openProfile(folder.path)
  try {
    const page = await context.newPage()
    await page.goto(relay.url)
    await page.evaluate(async () => {
      const db = await window.rockpool.open({
        name: 'busy',
        relay: { url: window.relayUrl },
        encryption: { key: new Uint8Array(32).fill(7) },
      })
      await db.sync.subscribe('confidential').ready
      await db.query('create table scratch(margin_notes text)')
      await db.query(
        "insert into scratch with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000) select 'the tide turns at dawn ' || i from n",
      )
      await db.execute([
        { type: 'upsert', table: 'confidential', data: { id: 'c', margin_notes: 'the tide turns at dawn' } },
      ])
    })
    const { found, sizes } = await search(page)
    expect(found).toEqual([])
    expect(sizes['busy-wal'] ?? 0, 'bytes of the log').toBeGreaterThan(20_000)
  } finally {
    await context.close()
    folder.remove()
  }
})
