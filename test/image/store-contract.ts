// What every store of records must do, whatever is behind it. `store.test.ts` runs this against each store there is; the
// rest of the image relies on nothing else. A store is opened by folder, so that it can be closed and opened again, and by
// another thread too (store-worker.ts).
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it, type TestContext } from 'node:test'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { siblingModule } from '../../src/base/sibling-module.ts'
import { tables } from '../../src/image/keyspace.ts'
import { Put } from '../../src/image/put.ts'
import type { Range, Row, Store } from '../../src/image/store.ts'
import { freshFolder } from './fresh-image.ts'

type Open = (dir: string) => Store

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const text = (record: Uint8Array | undefined): string | undefined =>
  record && Buffer.from(record).toString('latin1')
const shown = (rows: Iterable<Row>): string[] =>
  [...rows].map(({ key, record }) => `${text(key)}=${text(record)}`)

/** Longer than any key of the image: LMDB takes 1,978 bytes. */
const LONGEST_KEY = 1978
const ALL = { from: bytes('\0'), to: bytes('\xff\xff') }

export function describeStore(name: string, open: Open): void {
  const opened = async (t: TestContext, rows: readonly string[] = []): Promise<Store> => {
    const store = open(await freshFolder(t))
    t.after(() => store.close())
    store.write(({ put }) => {
      for (const key of rows) put('revisions', bytes(key), bytes(key.toUpperCase()))
    })
    return store
  }

  describe(`a store: ${name}`, () => {
    it('gives back what was put, and nothing where nothing was', async (t) => {
      const store = await opened(t, ['a', 'c'])
      assert.equal(text(store.get('revisions', bytes('a'))), 'A')
      assert.equal(store.get('revisions', bytes('b')), undefined)
      assert.equal(store.get('revisions', bytes('aa')), undefined)
      store.write(({ put, remove }) => {
        put('revisions', bytes('a'), bytes('new'))
        remove('revisions', bytes('c'))
        remove('revisions', bytes('never there'))
      })
      assert.deepEqual(shown(store.page('revisions', ALL)), ['a=new'])
    })

    it('keeps tables apart', async (t) => {
      const store = await opened(t)
      store.write(({ put }) => {
        for (const table of tables) put(table, bytes('key'), bytes(table))
      })
      store.write(({ remove }) => remove('blobs', bytes('key')))
      for (const table of tables) {
        assert.equal(text(store.get(table, bytes('key'))), table === 'blobs' ? undefined : table)
        assert.equal(store.isEmpty(table), table === 'blobs')
      }
    })

    it('keeps values of any bytes and length, the empty one too', async (t) => {
      const store = await opened(t)
      const values = [
        '',
        '\0',
        '\0\xff\0',
        'x'.repeat(4095),
        'y'.repeat(4096),
        'z'.repeat(3 << 20),
        '0'.repeat(17 << 20),
        'short',
      ]
      store.write(({ put }) => {
        for (const [i, value] of values.entries()) put('entries', bytes(`key ${i}`), bytes(value))
      })
      for (const [i, value] of values.entries()) {
        assert.equal(text(store.get('entries', bytes(`key ${i}`))), value)
        assert.equal(text(store.seek('entries', bytes(`key ${i}`))?.record), value)
      }
      assert.deepEqual(
        store.page('entries', ALL).map(({ record }) => record.length),
        values.map(({ length }) => length),
      )
    })

    it('keeps keys up to the longest, and refuses a longer or an empty one', async (t) => {
      const store = await opened(t)
      const [longest, other] = ['k'.repeat(LONGEST_KEY), `${'k'.repeat(LONGEST_KEY - 1)}j`]
      store.write(({ put }) => {
        put('entries', bytes(longest), bytes('longest'))
        put('entries', bytes(other), bytes('other'))
      })
      assert.equal(text(store.get('entries', bytes(longest))), 'longest')
      assert.deepEqual(
        store.page('entries', ALL).map(({ record }) => text(record)),
        ['other', 'longest'],
      )
      for (const key of ['k'.repeat(LONGEST_KEY + 100), '']) {
        assert.throws(() =>
          store.write(({ put }) => {
            put('entries', bytes('beside'), bytes('beside'))
            put('entries', bytes(key), bytes('refused'))
          }),
        )
      }
      assert.equal(store.get('entries', bytes('beside')), undefined)
    })

    const ranges: readonly (readonly [string, Partial<Range>, string])[] = [
      ['all', {}, 'b d f h'],
      ['from a key that is there, included', { from: bytes('d') }, 'd f h'],
      ['from between', { from: bytes('c') }, 'd f h'],
      ['to a key that is there, not included', { to: bytes('f') }, 'b d'],
      ['to between', { to: bytes('e') }, 'b d'],
      ['both', { from: bytes('d'), to: bytes('h') }, 'd f'],
      ['nothing between', { from: bytes('e'), to: bytes('f') }, ''],
      ['an empty range', { from: bytes('d'), to: bytes('d') }, ''],
      ['before the first', { to: bytes('b') }, ''],
      ['behind the last', { from: bytes('i') }, ''],
      ['some', { limit: 3 }, 'b d f'],
      ['none', { limit: 0 }, ''],
    ]
    it('reads the rows of a range in the order of their bytes, either way', async (t) => {
      const store = await opened(t, ['h', 'b', 'f', 'd'])
      const row = (key: string) => `${key}=${key.toUpperCase()}`
      for (const [what, range, keys] of ranges) {
        const expected = keys === '' ? [] : keys.split(' ').map(row)
        const { limit, ...bounds } = { ...ALL, ...range }
        const limited = limit === undefined ? {} : { limit }
        for (const rows of [store.page.bind(store), store.walk.bind(store)]) {
          assert.deepEqual(shown(rows('revisions', { ...bounds, ...limited })), expected, what)
          if (limit !== undefined) continue
          const reversed = rows('revisions', { ...bounds, reverse: true })
          assert.deepEqual(shown(reversed), expected.toReversed(), `${what}, reversed`)
          const last = rows('revisions', { ...bounds, reverse: true, limit: 1 })
          assert.deepEqual(shown(last), expected.slice(-1), `the last of ${what}`)
        }
        if (limit === undefined) {
          const first = store.first('revisions', bounds)
          assert.deepEqual(first ? shown([first]) : [], expected.slice(0, 1), `the first of ${what}`)
        }
      }
    })

    it('orders keys by their bytes, a shorter one first', async (t) => {
      const store = await opened(t)
      const keys = fc.uniqueArray(fc.uint8Array({ minLength: 1, maxLength: 12 }), {
        comparator: (a, b) => Buffer.compare(a, b) === 0,
        maxLength: 60,
        minLength: 30,
      })
      for (const some of fc.sample(keys, { numRuns: 5, seed: 5 })) {
        store.write(({ put, remove }) => {
          for (const { key } of store.page('transactions', {
            ...ALL,
            to: bytes('\xff'.repeat(20)),
            limit: 999,
          })) {
            remove('transactions', key)
          }
          for (const key of some) put('transactions', key, key)
        })
        const wanted = some.toSorted(Buffer.compare).map(text)
        const range = { from: bytes('\0'), to: bytes('\xff'.repeat(20)) }
        assert.deepEqual(
          store.page('transactions', range).map(({ record }) => text(record)),
          wanted,
        )
      }
    })

    it('walks further than a page, either way, and may be left in the middle', async (t) => {
      const names = Array.from({ length: 1500 }, (_, i) => `key ${String(i).padStart(5, '0')}`)
      const store = await opened(t, names)
      const keys = (range: Partial<Range>) =>
        [...store.walk('revisions', { ...ALL, ...range })].map(({ key }) => text(key))
      assert.deepEqual(keys({}), names)
      assert.deepEqual(keys({ reverse: true }), names.toReversed())
      assert.deepEqual(keys({ limit: 700 }), names.slice(0, 700))
      assert.deepEqual(keys({ limit: 700, reverse: true }), names.toReversed().slice(0, 700))
      for (const row of store.walk('revisions', ALL)) if (text(row.key) === names[20]) break
      assert.equal(text(store.first('revisions', ALL)?.key), names[0])
    })

    it('goes on walking where it stood when rows before and behind it change', async (t) => {
      const names = Array.from({ length: 600 }, (_, i) => `key ${String(i).padStart(5, '0')}`)
      const store = await opened(t, names)
      const seen: (string | undefined)[] = []
      for (const { key } of store.walk('revisions', ALL)) {
        seen.push(text(key))
        if (seen.length === 1) {
          store.write(({ put, remove }) => {
            for (const name of names.slice(0, 300)) remove('revisions', bytes(name))
            put('revisions', bytes('key 00500+'), bytes('new'))
          })
        }
      }
      assert.deepEqual(seen.filter((key) => key! >= names[300]!).length, 301)
      assert.deepEqual(seen, seen.toSorted())
    })

    it('writes all of a transaction or nothing, and passes on what was thrown', async (t) => {
      const store = await opened(t, ['a', 'b'])
      const thrown = new Error('half way')
      assert.throws(
        () =>
          store.write(({ put, remove }) => {
            put('revisions', bytes('a'), bytes('lost'))
            put('transactions', bytes('new'), bytes('lost'))
            remove('revisions', bytes('b'))
            throw thrown
          }),
        (error) => error === thrown,
      )
      assert.deepEqual(shown(store.page('revisions', ALL)), ['a=A', 'b=B'])
      assert.ok(store.isEmpty('transactions'))
      assert.equal(
        store.write(({ put }) => {
          put('transactions', bytes('new'), bytes('kept'))
          return 'the answer'
        }),
        'the answer',
      )
      assert.equal(text(store.get('transactions', bytes('new'))), 'kept')
    })

    it('puts many away from this thread all or none, in the order in which they came', async (t) => {
      const store = await opened(t)
      const put = (key: string, value: string) => Put.of('entries', bytes(key), bytes(value))
      const names = Array.from({ length: 300 }, (_, i) => `key ${String(i).padStart(5, '0')}`)
      const rounds = [1, 2, 3].map((round) => store.putAll(names.map((name) => put(name, String(round)))))
      await Promise.all(rounds)
      assert.deepEqual(
        shown(store.walk('entries', ALL)),
        names.map((name) => `${name}=3`),
      )
      await assert.rejects(store.putAll([put('beside', '1'), put('k'.repeat(LONGEST_KEY + 1), '1')]))
      assert.equal(store.get('entries', bytes('beside')), undefined)
      const waits = store.putAll([put('key 00000', 'later')])
      store.write((writer) => writer.put('entries', bytes('meanwhile'), bytes('1')))
      await waits
      assert.equal(text(store.get('entries', bytes('key 00000'))), 'later')
      assert.equal(text(store.get('entries', bytes('meanwhile'))), '1')
      await store.putAll([])
    })

    it('sees within a transaction what that transaction has put so far', async (t) => {
      const store = await opened(t, ['a', 'c'])
      store.write(({ put, remove }) => {
        put('revisions', bytes('b'), bytes('now'))
        remove('revisions', bytes('a'))
        assert.equal(text(store.get('revisions', bytes('b'))), 'now')
        assert.equal(store.get('revisions', bytes('a')), undefined)
        assert.deepEqual(shown([store.seek('revisions', bytes('a'))!]), ['b=now'])
        assert.deepEqual(shown(store.page('revisions', ALL)), ['b=now', 'c=C'])
        assert.deepEqual(shown(store.walk('revisions', { ...ALL, reverse: true })), ['c=C', 'b=now'])
      })
    })

    it('puts many away from this thread, all or nothing, in turn with what this thread writes', async (t) => {
      const store = await opened(t)
      const rounds = Array.from({ length: 20 }, (_, i) => `${i} ${'x'.repeat(i * 500)}`)
      const putting = rounds.map((round) =>
        store.putAll([
          Put.of('entries', bytes('a'), bytes(round)),
          Put.of('revisions', bytes(round.slice(0, 9)), bytes(round)),
          Put.of('blobs', bytes('b'), bytes(round)),
        ]),
      )
      for (const round of rounds) {
        store.write(({ put }) => put('transactions', bytes(round.slice(0, 9)), bytes(round)))
        assert.equal(text(store.get('entries', bytes('a'))), text(store.get('blobs', bytes('b'))))
      }
      await Promise.all(putting)
      assert.equal(text(store.get('blobs', bytes('b'))), rounds.at(-1))
      for (const table of ['revisions', 'transactions'] as const) {
        assert.deepEqual(new Set(store.page(table, ALL).map(({ record }) => text(record))), new Set(rounds))
      }
      const beside = Put.of('meta', bytes('beside'), bytes('beside'))
      for (const key of ['', 'k'.repeat(LONGEST_KEY + 1)]) {
        await assert.rejects(store.putAll([beside, Put.of('meta', bytes(key), bytes('beside'))]))
      }
      await store.putAll([])
      assert.ok(store.isEmpty('meta'))
    })

    it('says how many records and bytes a table has', async (t) => {
      const store = await opened(t)
      assert.deepEqual(store.sizeOf('revisions'), { records: 0, bytes: 0 })
      const value = new Uint8Array(10_000)
      store.write(({ put }) => {
        for (let i = 0; i < 50; i++) put('revisions', bytes(`key ${i}`), value)
      })
      const { records, bytes: room } = store.sizeOf('revisions')
      assert.equal(records, 50)
      assert.ok(room >= 50 * value.length && room < 100 * value.length, `${room} bytes`)
      store.write(({ remove }) => remove('revisions', bytes('key 7')))
      assert.equal(store.sizeOf('revisions').records, 49)
    })

    it('has everything when it is opened again', async (t) => {
      const dir = await freshFolder(t)
      const rows = Array.from({ length: 500 }, (_, i) => `key ${String(i).padStart(5, '0')}`)
      for (let round = 0; round < 3; round++) {
        const store = open(dir)
        const there = store.page('entries', { ...ALL, limit: 9999 })
        assert.deepEqual(shown(there), round === 0 ? [] : rows.map((key) => `${key}=${round}`))
        store.write(({ put }) => {
          for (const key of rows) put('entries', bytes(key), bytes(String(round + 1)))
        })
        await store.close()
      }
    })

    it('does what a sorted map does, whatever the program', async (t) => {
      const store = await opened(t)
      const key = fc.string({ unit: fc.constantFrom('a', 'b', '\0', '\xff'), minLength: 1, maxLength: 4 })
      const change = fc.tuple(key, fc.option(fc.string({ maxLength: 8 })))
      const transaction = fc.record({ changes: fc.array(change, { maxLength: 8 }), fails: fc.boolean() })
      const range = fc.record({ from: key, to: key, reverse: fc.boolean(), limit: fc.nat(9) })
      let reference = new Map<string, string>()
      fc.assert(
        fc.property(transaction, range, ({ changes, fails }, { from, to, ...rest }) => {
          const next = new Map(reference)
          const fill = () =>
            store.write(({ put, remove }) => {
              for (const [name, value] of changes) {
                if (value === null) remove('entries', bytes(name))
                else put('entries', bytes(name), bytes(value))
                if (value === null) next.delete(name)
                else next.set(name, text(bytes(value))!)
              }
              if (fails) throw new Error('meant')
            })
          if (fails) assert.throws(fill, /meant/)
          else fill()
          if (!fails) reference = next
          const within = [...reference]
            .filter(([name]) => name >= from && name < to)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, value]) => `${name}=${value}`)
          const wanted = (rest.reverse ? within.toReversed() : within).slice(0, rest.limit)
          const bounds = { from: bytes(from), to: bytes(to), ...rest }
          assert.deepEqual(shown(store.page('entries', bounds)), wanted)
          assert.deepEqual(shown(store.walk('entries', bounds)), wanted)
          const behind = [...reference]
            .filter(([name]) => name >= from)
            .sort(([a], [b]) => (a < b ? -1 : 1))[0]
          const found = store.seek('entries', bytes(from))
          assert.deepEqual(found && [text(found.key), text(found.record)], behind)
        }),
        { numRuns: 300, seed: 1 },
      )
    })

    it('shows another thread what is committed, from its next refresh on', async (t) => {
      const dir = await freshFolder(t)
      const store = open(dir)
      t.after(() => store.close())
      const worker = new Worker(siblingModule(import.meta.url, './store-worker'), { workerData: dir })
      t.after(() => worker.terminate())
      const asked = async (keys: readonly string[]): Promise<unknown> => {
        worker.postMessage(keys)
        return ((await once(worker, 'message')) as [unknown])[0]
      }
      const keys = Array.from({ length: 40 }, (_, i) => `key ${i}`)
      for (let round = 0; round < 30; round++) {
        store.write(({ put }) => {
          for (const name of keys) put('transactions', bytes(name), bytes(String(round)))
        })
        assert.deepEqual(new Set((await asked(keys)) as string[]), new Set([String(round)]))
      }
    })
  })
}
