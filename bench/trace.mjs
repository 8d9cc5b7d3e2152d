/**
 * Chromium's own trace of a page and its Workers, by way of the DevTools
 * protocol: what each thread did, in wall time and in time on a processor.
 */

/** Runs `work` under a trace and returns its events. @param {string[]} categories */
export async function traced(session, categories, work) {
  const events = []
  const collect = ({ value }) => {
    for (const event of value) events.push(event)
  }
  session.on('Tracing.dataCollected', collect)
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: categories, excludedCategories: ['*'] },
  })
  const result = await work()
  const complete = new Promise((done) => session.once('Tracing.tracingComplete', done))
  await session.send('Tracing.end')
  await complete
  session.off('Tracing.dataCollected', collect)
  return { events, result }
}
