/** Runs the guide that the address names: /?guide=queries. */

const guides = import.meta.glob<unknown>('./built/*.tsx')
const name = new URL(location.href).searchParams.get('guide') ?? ''
const load = guides[`./built/${name}.tsx`]
if (load === undefined) throw new Error(`there is no guide ${name}; there are ${Object.keys(guides).join(', ')}`)
await load()
