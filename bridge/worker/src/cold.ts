/**
 * The core's second part: the functions that an ordinary visit does not run
 * (internal/slim/split.go). The first part calls them through its table, and
 * the function in the table's first slot when they are not in it yet.
 */

/** Compiles the part, at once. @throws Error when it cannot be loaded. */
export type ColdPart = () => WebAssembly.Module

/**
 * A module that exports what it imports: only a module's export can stand in a
 * table. One type of function without arguments, an import of it and an export,
 * both without a name.
 */
const EXPORTER = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 4, 1, 0x60, 0, 0],
  ...[2, 5, 1, 0, 0, 0, 0],
  ...[7, 4, 1, 0, 0, 0],
)

/** Has the core load its second part when it first calls into it. A core that was not split stays as it is. */
export function joinCold(core: WebAssembly.Instance, part: ColdPart): void {
  const table = Object.values(core.exports).find((one) => one instanceof WebAssembly.Table)
  if (table === undefined) return
  const load = () => {
    // It fills the table's slots. A part of another build asks for a table of another name.
    new WebAssembly.Instance(part(), { core: core.exports as WebAssembly.ModuleImports })
  }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(EXPORTER), { '': { '': load } })
  table.set(0, exports[''])
}

/**
 * The part from a server: it is on its way once the first part is there, so
 * that an app that loses the network has it, and the browser has it wait for
 * what matters more. A call that is faster waits for it.
 */
export function fetchCold(url: URL): ColdPart {
  let bytes: BufferSource | undefined
  fetch(url, { priority: 'low' })
    .then(async (response) => {
      if (response.ok) bytes = await response.arrayBuffer()
    })
    .catch(() => {}) // asked again when it is needed
  return () => new WebAssembly.Module(bytes ?? read(url))
}

/** Waits for a file. Only a Worker may. @throws Error when it cannot be loaded. */
function read(url: URL): BufferSource {
  const request = new XMLHttpRequest()
  request.open('GET', url, false)
  request.responseType = 'arraybuffer'
  try {
    request.send()
  } catch (thrown) {
    throw new Error(`${url.pathname} could not be loaded: ${String(thrown)}`)
  }
  if (request.status !== 200) throw new Error(`${url.pathname} could not be loaded: ${String(request.status)}`)
  return request.response as ArrayBuffer // what was asked for
}
