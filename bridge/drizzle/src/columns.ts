/** Columns that SQLite's own builders of Drizzle have no form for. */

import { toSql } from '@rockpool/client/statements'
import { customType } from 'drizzle-orm/sqlite-core'

/** A moment, as a Date here and in its one stored form in the database. */
export const timestamptz = customType<{ data: Date; driverData: string }>({
  dataType: () => 'timestamptz_text',
  toDriver: (date) => String(toSql(date)),
  fromDriver: (text) => new Date(text),
})

/** Bytes, without the Buffer that Drizzle's blob asks for. */
export const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'blob' })
