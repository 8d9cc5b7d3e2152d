/** For tests that make messages before a Worker has told its tables. */

import { PAGE_TABLES } from '@rockpool/worker/tables'
import { learnTables } from '../src/codec.ts'

learnTables(PAGE_TABLES)
