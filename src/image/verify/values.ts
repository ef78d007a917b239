// Every shared value can be read; one that no revision names is left over.
import { nameOfRecord } from '../keyspace.ts'
import { parseRecordOf } from '../record.ts'
import type { Look } from './look.ts'
import { noteBlobs } from './references.ts'
import { eachRow, type Steps } from './steps.ts'

export const checkValues = (look: Look): Steps =>
  eachRow(look, 'values', function* ({ key, record }) {
    noteBlobs(look, parseRecordOf('value', { table: 'values', key, record }))
    const digest = Buffer.from(key).toString('hex')
    if (look.valuesReferred.has(digest) || look.youngValues.has(digest)) return
    yield { where: nameOfRecord('values', key), problem: 'nothing refers to it', harmless: true }
  })
