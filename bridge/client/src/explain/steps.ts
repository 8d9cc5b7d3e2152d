/** SQLite's plan in plain words, https://www.sqlite.org/eqp.html. */

/** One step of how a query runs. */
export interface Step {
  /** `scan` reads every row, `search` finds some by an index, `build` makes an index for this run alone, `sort` sorts what was found. */
  readonly kind: 'scan' | 'search' | 'build' | 'sort' | 'other'
  /** What the query calls the table, or "". */
  readonly table: string
  /** The columns by which it finds rows, as `a=? AND b>?`, or "". */
  readonly by: string
  /** How deep it stands: a step within another runs for it. */
  readonly depth: number
  /** For a person. */
  readonly text: string
}

const ACCESS =
  /^(SCAN|SEARCH) (.+?)(?: EXISTS)?(?: USING (?:(AUTOMATIC) )?(?:PARTIAL )?(?:(COVERING) )?(?:INDEX ?(.*?)|(INTEGER PRIMARY KEY|PRIMARY KEY))(?: ?\((.*)\))?)?( LEFT-JOIN)?$/

/** What a line of the plan says. */
export function stepOf(line: string): Step {
  const text = line.trimStart()
  const depth = (line.length - text.length) / 2
  const found = ACCESS.exec(text)
  if (found !== null && !/CONSTANT ROW|VIRTUAL TABLE/.test(text)) {
    const [, verb = '', table = '', automatic, covering, index = '', key, by = ''] = found
    const at = { table, by, depth }
    if (automatic)
      return {
        ...at,
        kind: 'build',
        text: `Makes an index of ${table} by ${columns(by)} for this run alone, from every row`,
      }
    if (verb === 'SCAN' && covering)
      return { ...at, kind: 'scan', text: `Reads all of index ${index}, and no row of ${table}` }
    if (verb === 'SCAN')
      return {
        ...at,
        kind: 'scan',
        text: `Reads every row of ${table}` + (index ? ` in the order of index ${index}` : ''),
      }
    const how = key || index.startsWith('sqlite_autoindex') ? 'its key' : `index ${index}`
    return { ...at, kind: 'search', text: `Finds rows of ${table} by ${columns(by)}, with ${how}` }
  }
  const other = { table: '', by: '', depth }
  const sorts = /^USE TEMP B-TREE FOR (.*)$/.exec(text)?.[1]
  if (sorts !== undefined) return { ...other, kind: 'sort', text: sorted(sorts) }
  if (text.startsWith('CORRELATED')) return { ...other, kind: 'other', text: 'For each of these rows:' }
  if (/SUBQUERY \d+$/.test(text)) return { ...other, kind: 'other', text: 'Once, for all of these rows:' }
  return { ...other, kind: 'other', text }
}

function sorted(what: string): string {
  if (what.includes('GROUP BY')) return 'Sorts the rows to group them'
  if (what.includes('ORDER BY')) return what.startsWith('LAST') ? 'Sorts rows of equal place' : 'Sorts the rows'
  return 'Remembers what it saw, to leave out repeats'
}

/** `a=? AND b>?` as "a and b". */
function columns(by: string): string {
  const names = by.split(' AND ').map((one) => one.replace(/(?:=|<|>| IN ).*$/, ''))
  return [...new Set(names)].join(' and ')
}
