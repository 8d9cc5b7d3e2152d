import { check } from '../check.ts'
import { open, RockpoolError } from '@rockpool/client'

const db = await open({ name: 'errors', storage: 'memory' })
const error = await db.query('SELECT 1 +* 2').catch((thrown: RockpoolError) => thrown)
if (!(error instanceof RockpoolError)) throw new Error('it ran')
check(14, error.kind
, 'invalid_sql')
check(16, error.offset
, 10)
check(18, error.retryable
, false)
check(20, await db.query('SELECT ?', []).catch((thrown) => thrown.kind)
, 'wrong_parameters')
await db.close()
check(23, await db.query('SELECT 1').catch((thrown) => thrown.kind)
, 'closed')

check(0, 'end', 'end')
