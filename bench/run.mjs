/**
 * Runs the benchmark: node bench/run.mjs [workload…|smoke]. `smoke` runs every
 * workload with small sizes and writes nothing. ROUNDS=n sets the rounds.
 */

import { join } from 'node:path'
import { build } from 'vite'
import { openBench } from './browser.mjs'
import { commit, machine } from './machine.mjs'
import { plan, sizes } from './plan.mjs'
import { judge, load, markdown, save, saveMarkdown } from './report.mjs'
import { summarise } from './statistics.mjs'

const asked = process.argv.slice(2)
const isSmoke = asked.includes('smoke')
const unknown = asked.find((name) => name !== 'smoke' && !(name in plan))
if (unknown !== undefined) {
  console.error(`there is no workload ${unknown}: one of ${[...Object.keys(plan), 'smoke'].join(', ')}`)
  process.exit(2)
}
const named = asked.filter((name) => name !== 'smoke')
const names = named.length > 0 ? named : Object.keys(plan)
const size = sizes[isSmoke ? 'smoke' : 'full']
const rounds = Number(process.env.ROUNDS ?? size.rounds)

await build({ configFile: join(import.meta.dirname, 'vite.config.mjs') })
const bench = await openBench()
const results = isSmoke ? {} : load()
try {
  for (const name of names) {
    const result = await measure(name)
    results[name] = result
    for (const [contender, figures] of Object.entries(result.contenders)) {
      console.log(
        `${name} ${contender}: ${Object.entries(figures)
          .map(([figure, of]) => `${figure} ${of.median.toFixed(2)} (${of.min.toFixed(2)}–${of.max.toFixed(2)})`)
          .join(', ')}`,
      )
    }
    for (const goal of plan[name].goals) {
      const verdict = judge(goal, name, results)
      if (verdict !== null)
        console.log(`  ${verdict.isMet ? 'met' : 'NOT met'}: ${goal.title}: ${verdict.value.toFixed(2)}${verdict.unit}`)
    }
    if (!isSmoke) save(name, result)
  }
  if (!isSmoke) saveMarkdown(markdown(results))
} finally {
  await bench.close()
}

/** Runs one workload for its rounds; the contenders take turns, and the first of a round is the last of the one before. */
async function measure(name) {
  const { contenders } = plan[name]
  const samples = Object.fromEntries(contenders.map((contender) => [contender, []]))
  const described = {}
  const head = {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    rounds,
    ...size,
    machine: machine(),
    commit: commit(),
    browser: bench.version,
  }
  const isReopen = name === 'reopen'
  await bench.load()
  for (const contender of contenders) {
    described[contender] = await bench.page.evaluate((who) => window.bench.describe(who), contender)
    if (isReopen) await bench.page.evaluate(([who, how]) => window.bench.leave(who, how), [contender, size])
  }
  for (let round = 0; round < rounds; round++) {
    for (const contender of round % 2 === 0 ? contenders : [...contenders].reverse()) {
      samples[contender].push(
        isReopen
          ? await reopen(contender)
          : await bench.page.evaluate(([work, who, how]) => window.bench.run(work, who, how), [name, contender, size]),
      )
    }
  }
  return {
    ...head,
    rounds,
    described,
    contenders: Object.fromEntries(contenders.map((contender) => [contender, summarise(samples[contender])])),
    samples,
  }
}

/** A new page that opens what the one before has left. */
async function reopen(contender) {
  await bench.load()
  return bench.page.evaluate((who) => window.bench.firstRow(who), contender)
}
