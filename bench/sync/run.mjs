/**
 * Runs the benchmarks of sync: make bench-sync, or node bench/sync/run.mjs [workload…|smoke]. Each
 * contender of a round has a relay, a database and a browser profile of its own.
 * ROUNDS=n sets the rounds.
 */

import { join } from 'node:path'
import { build } from 'vite'
import { openPage } from '../browser.mjs'
import { commit, machine } from '../machine.mjs'
import { summarise } from '../statistics.mjs'
import { commit as commitLatency } from './commit.mjs'
import { drain } from './drain.mjs'
import { firstSync } from './first-sync.mjs'
import { saveSync } from './report.mjs'
import { buildPrograms, openSite } from './site.mjs'

const workloads = { firstSync, commit: commitLatency, drain }
const sizes = {
  full: { transactions: 10_000, rows: 1_000_000, commits: 1_000, rounds: 3 },
  smoke: { transactions: 500, rows: 20_000, commits: 50, rounds: 1 },
}

const asked = process.argv.slice(2)
const isSmoke = asked.includes('smoke')
const named = asked.filter((name) => name !== 'smoke')
const unknown = named.find((name) => !(name in workloads))
if (unknown !== undefined) {
  console.error(`there is no workload ${unknown}: one of ${[...Object.keys(workloads), 'smoke'].join(', ')}`)
  process.exit(2)
}
const size = sizes[isSmoke ? 'smoke' : 'full']
const rounds = Number(process.env.ROUNDS ?? size.rounds)

buildPrograms()
await build({ configFile: join(import.meta.dirname, '../vite.config.mjs') })
for (const name of named.length > 0 ? named : Object.keys(workloads)) {
  const workload = workloads[name]
  const samples = Object.fromEntries(Object.keys(workload.contenders).map((contender) => [contender, []]))
  let browser = ''
  for (let round = 0; round < rounds; round++) {
    for (const [contender, how] of Object.entries(workload.contenders)) {
      const site = await openSite(typeof how === 'function' ? how(size) : how)
      try {
        const bench = await openPage(`${site.url}/`)
        browser = bench.version
        try {
          samples[contender].push(await workload.run({ site, page: bench.page, size, contender }))
        } finally {
          await bench.close()
        }
      } finally {
        await site.close()
      }
    }
  }
  const result = {
    title: workload.title,
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    rounds,
    size,
    machine: machine(),
    commit: commit(),
    browser,
    contenders: Object.fromEntries(Object.entries(samples).map(([who, of]) => [who, summarise(of)])),
    samples,
  }
  for (const [who, figures] of Object.entries(result.contenders)) {
    console.log(
      `${name} ${who}: ${Object.entries(figures)
        .map(([figure, of]) => `${figure} ${of.median.toFixed(2)} (${of.min.toFixed(2)}–${of.max.toFixed(2)})`)
        .join(', ')}`,
    )
  }
  for (const goal of workload.goals) {
    const value = result.contenders[goal.of]?.[goal.figure]?.median
    const isMet = goal.atLeast === undefined ? value <= goal.atMost : value >= goal.atLeast
    console.log(`  ${isMet ? 'met' : 'NOT met'}: ${goal.of} ${goal.figure} ${value?.toFixed(2)}`)
  }
  if (!isSmoke) saveSync(name, { ...result, goals: workload.goals })
}
