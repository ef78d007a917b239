import { Store } from '../../src/image/store.ts'
import { describeStore } from './store-contract.ts'

describeStore('LMDB with an fsync behind each write', (dir) => Store.open(dir))
describeStore('LMDB without', (dir) => Store.open(dir, { durable: false }))
