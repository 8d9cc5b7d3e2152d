import { conflictCases, postgres } from '../conflict-cases.ts'
import { startPostgres } from '../truth.ts'

conflictCases(() => startPostgres(postgres.sql, postgres.config))
