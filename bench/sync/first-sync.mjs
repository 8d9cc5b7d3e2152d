/**
 * 1,000,000 rows from Postgres through a warm relay into OPFS: from opening the
 * database to the first query over all rows, with everything flushed. Rows have
 * the shape of vega-datasets' flights. Beside it, in the same page and run, the
 * engine alone: the same rows by prepared inserts, and copied inside the file.
 */

const codes = 'ABQ ATL AUS BNA BOS BWI CLE DAL DEN DFW EWR HOU IAH JFK LAS LAX MDW OAK PHX SFO'

const flights = ({ rows }) => `
CREATE TABLE flights (id int PRIMARY KEY, date timestamp NOT NULL, delay int NOT NULL, distance int NOT NULL,
  origin text NOT NULL, destination text NOT NULL);
INSERT INTO flights SELECT i, timestamp '2001-01-01' + i * interval '31 seconds', (i::bigint * 7919 % 300)::int - 60,
  100 + (i::bigint * 104729 % 2500)::int, c.a[1 + i % 20], c.a[1 + (i / 20) % 20]
  FROM generate_series(1, ${rows}) i, (SELECT string_to_array('${codes}', ' ') AS a) c;
`

const config = `
auth: { anonymous: true }
tables:
  flights: { read: true }
`

export const firstSync = {
  title: 'first sync of 1,000,000 rows',
  contenders: { postgres: (size) => ({ sql: flights(size), config }) },
  goals: [
    { of: 'postgres', figure: 'rowsPerSecond', atLeast: 300_000 },
    { of: 'postgres', figure: 'ofLimit', atLeast: 0.6 },
    { of: 'postgres', figure: 'relayLoadPerSecond', atLeast: 200_000 },
  ],
  async run({ site, page, size }) {
    // Another profile's visit warms the relay: the chunks are made.
    await page.evaluate((rows) => window.bench.firstSync('warm', rows), size.rows)
    await page.reload()
    await page.waitForFunction(() => 'bench' in window)
    const figures = await page.evaluate((rows) => window.bench.firstSync('measured', rows), size.rows)
    return {
      ...figures,
      relayLoadMs: site.startMs,
      relayLoadPerSecond: (1000 * size.rows) / site.startMs,
      relayPeakMiB: site.relayPeak() / 2 ** 20,
    }
  },
}
