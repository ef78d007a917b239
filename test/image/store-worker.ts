// A worker thread with a store of its own on the folder that another thread writes: it refreshes, and reads what it is asked.
import { parentPort, workerData } from 'node:worker_threads'
import { Store } from '../../src/image/store.ts'

const store = Store.open(workerData as string)
parentPort!.on('message', (keys: readonly string[]) => {
  store.refresh()
  const values = keys.map((key) => store.get('transactions', Buffer.from(key))?.slice())
  parentPort!.postMessage(values.map((value) => value && Buffer.from(value).toString()))
})
