import { conflictCases, rows, schema } from '../conflict-cases.ts'
import { startEmbedded } from '../truth.ts'

conflictCases(() => startEmbedded(schema, rows))
