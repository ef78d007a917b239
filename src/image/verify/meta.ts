// The records in which the image says what it is.
import { parseRecordOf } from '../record.ts'
import type { Look } from './look.ts'
import { eachRow, type Steps } from './steps.ts'

export const checkMeta = (look: Look): Steps =>
  eachRow(look, 'meta', function* ({ key, record }) {
    yield void parseRecordOf('meta', { table: 'meta', key, record })
  })
