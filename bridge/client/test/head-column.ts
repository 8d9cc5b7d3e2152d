import { TypeUnknown, type Type } from '../src/gen/schema.ts'
import type { HeadColumn } from '../src/gen/wire.ts'

/** A column of a head, which holds rows when `rows` are their columns. */
export function headColumn(name: string, type: Type = TypeUnknown, rows: HeadColumn[] = [], one = false): HeadColumn {
  return { name, decl: '', type, rows, one }
}
