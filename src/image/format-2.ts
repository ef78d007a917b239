// From format 1 to format 2. Format 1 kept large values inside every revision of their object, and a table `heads` with the
// newest revision of each. In format 2 large values are in the table `values`, once each (codec.ts), and the newest revision
// is the first of its object. Revisions of both kinds can be read at any time; what is damaged stays as it is.
import { BatError } from '../base/errors.ts'
import type { FormatStep } from './migration.ts'
import type { Put } from './put.ts'
import { formatObject, parseRecord, type RecordBody } from './record.ts'
import { SharedValues, Sharer } from './shared-values.ts'
import type { Row } from './store.ts'

export const toFormat2: FormatStep = {
  writer: '0.2.0',
  table: 'revisions',
  convert: (store, row, { put }) => {
    const body = soundBody(row)
    if (body?.kind !== 'object') return
    const putInto = ({ table, key, record }: Put) => put(table, key, record)
    const { put: revision, lazy } = formatObject(row.key, body, new Sharer(new SharedValues(store), putInto))
    if (lazy) putInto(revision)
  },
  finish: (store) => store.drop('heads'),
}

function soundBody({ key, record }: Row): RecordBody | undefined {
  try {
    return parseRecord('revisions', key, record)
  } catch (error) {
    if (error instanceof BatError) return undefined // verify names it
    throw error
  }
}
