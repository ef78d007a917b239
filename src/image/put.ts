// A record to be put, and its key before it: both are places in a piece of memory that hundreds of others share, since
// making two arrays for each costs more than filling them. What is there stays as it is.
import type { Key, Table } from './keyspace.ts'

/** Bytes, and a place in them: who puts many records out of one memory tells the store's binding so which it means. */
export class Memory extends Uint8Array<ArrayBuffer> {
  start = 0
  end = 0
}

export class Put {
  readonly table: Table
  readonly memory: Memory
  /** Where the key begins. */
  readonly start: number
  /** Where the key ends and the record begins. */
  readonly middle: number
  /** Where the record ends. */
  readonly end: number

  constructor(table: Table, memory: Memory, { start, middle, end }: Pick<Put, 'start' | 'middle' | 'end'>) {
    this.table = table
    this.memory = memory
    this.start = start
    this.middle = middle
    this.end = end
  }

  /** Of a key and a record that are somewhere else. */
  static of(table: Table, key: Key, record: Uint8Array): Put {
    const memory = new Memory(new ArrayBuffer(key.length + record.length))
    memory.set(key)
    memory.set(record, key.length)
    return new Put(table, memory, { start: 0, middle: key.length, end: memory.length })
  }

  get key(): Key {
    return new Uint8Array(this.memory.buffer, this.start, this.middle - this.start)
  }

  get record(): Buffer {
    return Buffer.from(this.memory.buffer, this.middle, this.end - this.middle)
  }
}
