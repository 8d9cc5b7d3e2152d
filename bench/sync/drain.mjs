/**
 * An outbox of `count` transactions, made without a network and in no conflict,
 * drained: from going online until the last outcome is flushed to OPFS.
 */

const columns = 'id int PRIMARY KEY, name text NOT NULL, v float8 NOT NULL, grp int NOT NULL'

const schema = `
tables:
  t:
    key: [id]
    columns:
      id: { type: integer, not_null: true }
      name: { type: text, not_null: true }
      v: { type: "double precision", not_null: true }
      grp: { type: integer, not_null: true }
`

const config = `
auth: { anonymous: true }
limits: { mutations_burst: 1000000 }
tables:
  t: { read: true, write: true }
`

export const drain = {
  title: 'an offline outbox of 10,000 transactions, drained',
  contenders: {
    postgres: { sql: `CREATE TABLE t (${columns});`, config },
    embedded: { schema, config },
  },
  goals: [
    { of: 'postgres', figure: 'perSecond', atLeast: 3000 },
    { of: 'embedded', figure: 'perSecond', atLeast: 3000 },
  ],
  async run({ site, page, size }) {
    const made = await page.evaluate((count) => window.bench.outbox(count), size.transactions)
    const figures = await page.evaluate((count) => window.bench.drain(count), size.transactions)
    if (site.databaseUrl !== undefined) {
      const got = await site.query(
        'SELECT count(*), count(DISTINCT id), (SELECT max(last_mid) FROM rockpool.client) FROM t',
      )
      const want = `${size.transactions}|${size.transactions}|${size.transactions}`
      if (got !== want) throw new Error(`Postgres has ${got}, want ${want}`)
    }
    return {
      ...figures,
      perSecond: (1000 * size.transactions) / figures.ms,
      makePerSecond: (1000 * size.transactions) / made.ms,
      relayPeakMiB: site.relayPeak() / 2 ** 20,
    }
  },
}
