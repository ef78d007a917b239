// A worker thread that reads `count` of the objects it is asked for.
import { parentPort, workerData } from 'node:worker_threads'
import type { Oid, Tid } from '../../src/base/ids.ts'
import { openReader } from '../../src/image/reader.ts'

const reader = openReader(workerData as string)
parentPort!.on('message', ([oid, at]: [Oid, Tid]) => {
  parentPort!.postMessage(reader.read(oid, at)?.slots.get('count'))
})
