import { readFileSync } from 'node:fs'
import { expect, test, type Page } from '@playwright/test'
import type { Database } from '@rockpool/client'
import { Device } from '../device.ts'
import { startEmbedded, type Truth } from '../truth.ts'

/** The texts that wasm/builder's test uses too. */
const hostile: readonly string[] = JSON.parse(
  readFileSync(new URL('../../../testdata/injections.json', import.meta.url), 'utf8'),
)

let truth: Truth
test.beforeAll(async () => {
  truth = await startEmbedded(
    `tables:
  products:
    key: [id]
    columns:
      id: { type: integer, not_null: true }
      name: { type: text }
  secrets:
    key: [id]
    columns:
      id: { type: integer, not_null: true }
      value: { type: text }
`,
    { secrets: [{ id: 1, value: 'the crown jewels' }] },
  )
})
test.afterAll(async () => {
  await truth.close()
})

/** Runs one call in the page and tells how it failed. */
async function failure(page: Page, call: string): Promise<unknown> {
  return page.evaluate(async (text) => {
    const { db } = window.device
    try {
      await new Function('db', 'rockpool', `return (async () => { ${text} })()`)(db, window.rockpool)
      return 'it did not fail'
    } catch (error) {
      if (!(error instanceof window.rockpool.RockpoolError)) return String(error)
      const { kind, offset, hint, message } = error
      return { kind, offset, hint, message }
    }
  }, call)
}

test('a hundred hostile texts: every value is bound, every name is quoted or refused with a kind', async ({
  browser,
}) => {
  expect(hostile.length).toBeGreaterThan(100)
  const device = await Device.open(browser, truth.url, ['products', 'secrets'])
  const wrong = await device.page.evaluate(async (texts) => {
    const db = window.device.db as unknown as Database // of tables whose columns are not known
    const { col, fn, identifier, RockpoolError, sql, val } = window.rockpool
    const wrong: string[] = []
    const stored = texts.filter((text) => !text.includes('\0'))
    await db.execute(stored.map((name, id) => ({ type: 'insert' as const, table: 'products', data: { id, name } })))
      .confirmed

    /** Each must give the one row of that name. */
    const from = () => db.from('products').select('id', 'name')
    const values: Record<string, (text: string) => Promise<object[]>> = {
      'where =': (text) => from().where('name', '=', text).all(),
      'where {}': (text) => from().where({ name: text }).all(),
      'where { = }': (text) =>
        from()
          .where({ name: { '=': text } })
          .all(),
      in: (text) => from().where('name', 'in', [text]).all(),
      'in a query': (text) =>
        from()
          .where('id', 'in', db.from('products').select('id').where('name', '=', text))
          .all(),
      between: (text) => from().where('name', 'between', [text, text]).all(),
      like: (text) =>
        from()
          .where('name', 'like', text.replaceAll(/[\\%_]/g, '\\$&'))
          .all(),
      orWhere: (text) => from().where('id', '=', -1).orWhere('name', '=', text).all(),
      having: (text) => from().groupBy('id').having(col('name'), '=', text).all(),
      'an expression': (text) =>
        from()
          .where('name', '=', fn('coalesce', val(text), val(null)))
          .all(),
      template: (text) => db.sql<object>`select id, name from products where name = ${text}`,
      statement: (text) => db.run(sql`select id, name from products where ${identifier('name')} = ${text}`),
      'an input object': (text) => db.run({ sql: 'select id, name from products where name = ?', params: [text] }),
      query: (text) => db.query<object>('select id, name from products where name = ?', [text]),
      'a transaction': (text) =>
        db.transaction((tx) => tx.query<object>('select id, name from products where name = ?', [text]), {
          readOnly: true,
        }),
      live: async (text) => {
        const live = db.live({ sql: 'select id, name from products where name = ?', params: [text] })
        await live.ready
        return [...live.get().rows]
      },
    }
    for (const [where, ask] of Object.entries(values)) {
      for (const [id, text] of stored.entries()) {
        const rows = await ask(text).catch((error: unknown) => [String(error)])
        if (JSON.stringify(rows) !== JSON.stringify([{ id, name: text }]))
          wrong.push(`${where} ${JSON.stringify(text)}: ${JSON.stringify(rows)}`)
      }
    }

    /** Each must be refused with a kind, unless the text is the name of something that is there. */
    const kinds = new Set([
      'unknown_table',
      'unknown_column',
      'invalid_argument',
      'invalid_sql',
      'forbidden',
      'type_mismatch',
    ])
    const known = new Set(['rowid', '_rowid_', 'oid', 'products.*', 'secrets.value', 'desc', '*'])
    const data = (text: string) => ({ id: -5, [text]: 'x' })
    const names: Record<string, (text: string) => Promise<unknown>> = {
      table: (text) => db.from(text).all(),
      'join table': (text) => db.from('products').join(text, 'products.id', 'secrets.id').all(),
      'join on': (text) => db.from('products').join('secrets', `products.${text}`, 'secrets.value').all(),
      column: (text) => db.from('products').select(text).all(),
      where: (text) => db.from('products').where(text, '=', 1).all(),
      'where {}': (text) =>
        db
          .from('products')
          .where({ id: 1, [text]: 1 })
          .all(),
      operator: async (text) =>
        db
          .from('products')
          .where('id', text as '=', 1)
          .all(),
      groupBy: (text) => db.from('products').select('id').groupBy(text).all(),
      orderBy: (text) => db.from('products').select('id').orderBy(text).all(),
      direction: async (text) =>
        db
          .from('products')
          .orderBy('id', text as 'asc')
          .all(),
      limit: (text) =>
        db
          .from('products')
          .limit(text as unknown as number)
          .all(),
      offset: (text) =>
        db
          .from('products')
          .offset(text as unknown as number)
          .all(),
      function: (text) =>
        db
          .from('products')
          .select({ f: fn(text, col('id')) })
          .all(),
      'insert into': (text) => db.execute([{ type: 'insert', table: text, data: { id: -5 } }]),
      'insert column': (text) => db.execute([{ type: 'insert', table: 'products', data: data(text) }]),
      'update column': (text) => db.execute([{ type: 'update', table: 'products', data: data(text) }]),
      'operation type': async (text) => db.execute([{ type: text as 'insert', table: 'products', data: { id: -5 } }]),
    }
    for (const [where, ask] of Object.entries(names)) {
      for (const text of texts) {
        if (known.has(text)) continue
        let kind = 'it ran'
        try {
          await ask(text)
        } catch (error) {
          kind = error instanceof RockpoolError ? error.kind : String(error)
        }
        if (!kinds.has(kind)) wrong.push(`${where} ${JSON.stringify(text)}: ${kind}`)
      }
    }
    // An alias is a name, whatever it says.
    for (const text of stored) {
      if (text === '') continue
      const [row] = await db
        .from('secrets')
        .select({ [text]: col('value') })
        .all()
      if (JSON.stringify(row) !== JSON.stringify({ [text]: 'the crown jewels' }))
        wrong.push(`alias ${JSON.stringify(text)}: ${JSON.stringify(row)}`)
    }
    return wrong
  }, hostile)
  expect(wrong).toEqual([])
  const stored = hostile.filter((text) => !text.includes('\0'))
  expect(await truth.query('select count(*) as n from products')).toEqual([{ n: String(stored.length) }])
  expect(await truth.query('select value from secrets')).toEqual([{ value: 'the crown jewels' }])
  await device.close()
})

test('bad input is a typed error that says what and what to do', async ({ browser }) => {
  const device = await Device.open(browser, truth.url, ['products'])
  const cases: readonly [string, string, Record<string, unknown>][] = [
    ['malformed SQL', "await db.query('select * frm products')", { kind: 'invalid_sql', offset: 9 }],
    ['two statements', "await db.query('select 1; delete from products')", { kind: 'invalid_sql' }],
    [
      'too few parameters',
      "await db.query('select ?, ?', [1])",
      { kind: 'wrong_parameters', hint: expect.stringMatching(/./) },
    ],
    [
      'too many parameters',
      "await db.query('select 1', [1])",
      { kind: 'wrong_parameters', hint: expect.stringMatching(/./) },
    ],
    ['an unknown table', "await db.from('produkts').all()", { kind: 'unknown_table', hint: 'did you mean products?' }],
    [
      'an unknown column',
      "await db.from('products').select('nam').all()",
      { kind: 'unknown_column', hint: 'did you mean name?' },
    ],
    [
      'a table that is not followed in an operation',
      "await db.execute([{ type: 'insert', table: 'produkts', data: { id: 1 } }])",
      { kind: 'unknown_table' },
    ],
    [
      'a value that is none',
      "await db.query('select ?', [undefined])",
      { kind: 'invalid_argument', hint: 'pass null for NULL' },
    ],
    [
      'DDL on a synced table',
      "await db.query('alter table products add column colour text')",
      { kind: 'schema_ddl', hint: expect.stringMatching(/./) },
    ],
    [
      'dropping a synced table',
      "await db.query('drop table products')",
      { kind: 'schema_ddl', hint: expect.stringMatching(/./) },
    ],
    [
      'the database’s own tables',
      "await db.query('delete from _rockpool_op')",
      { kind: 'forbidden', hint: expect.stringMatching(/./) },
    ],
    ['another file', `await db.query("attach 'x.db' as x")`, { kind: 'forbidden', hint: expect.stringMatching(/./) }],
    [
      'a page of an aborted call',
      'await db.query("select 1", [], { signal: AbortSignal.abort() })',
      { kind: 'cancelled', hint: '' }, // it was asked for
    ],
    [
      'a closed database',
      "const other = await rockpool.open({ name: 'other', storage: 'memory' }); await other.close(); await other.query('select 1')",
      { kind: 'closed', message: expect.stringMatching(/./) },
    ],
  ]
  for (const [what, call, want] of cases) {
    const got = await failure(device.page, call)
    const said = { message: expect.stringMatching(/./) as unknown, hint: expect.stringMatching(/./) as unknown }
    expect.soft(got, what).toEqual(expect.objectContaining({ ...said, ...want }))
  }
  // And it works on.
  expect(await device.page.evaluate(() => window.device.db.query('select 1 as one'))).toEqual([{ one: 1 }])
  await device.close()
})
