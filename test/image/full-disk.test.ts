// A full disk, a real one: what is refused says so and has changed nothing, and goes through once there is room.
import assert from 'node:assert/strict'
import test from 'node:test'
import { tableNames, turnToFormat1 } from './format-1.ts'
import { coded, TestImage } from './fresh-image.ts'
import { onSmallDisk } from './small-disk.ts'

const MIB = 1 << 20

test('fails a commit on a full disk, keeps everything, and works on when there is room', (t) =>
  onSmallDisk(t, 3, async ({ dir, leave, makeRoom }) => {
    const kept = await new TestImage(dir, { durable: true }).open()
    try {
      const oid = await kept.make('genesis', { count: 1 })
      leave(MIB)
      const big = kept.begin()
      big.get(oid).set('text', 'x'.repeat(3 * MIB))
      await assert.rejects(big.commit(), coded('E_DISK_FULL'))
      assert.equal(kept.slot(oid, 'count'), 1)
      assert.equal(kept.slot(oid, 'text'), undefined)
      big.get(oid).set('text', 'small').set('count', 2)
      makeRoom()
      await big.commit()
      await kept.reopen()
      assert.deepEqual([kept.slot(oid, 'count'), kept.slot(oid, 'text')], [2, 'small'])
      assert.ok((await kept.image.verify()).ok)
    } finally {
      await kept.image.close()
    }
  }))

test('refuses a commit without fsync for which there is no room, and takes it once there is', (t) =>
  onSmallDisk(t, 8, async ({ dir, leave, makeRoom }) => {
    const kept = await new TestImage(dir).open()
    try {
      const oid = await kept.make('genesis', { count: 0 })
      leave(3 * MIB)
      let count = 0
      const next = () => {
        const transaction = kept.begin()
        transaction.get(oid).set('count', ++count).set('text', `${count} `.repeat(5000))
        return transaction
      }
      const refused = await (async () => {
        for (let transaction = next(); ; transaction = next()) {
          try {
            await transaction.commit()
          } catch (error) {
            assert.ok(coded('E_DISK_FULL')(error))
            return transaction
          }
        }
      })()
      assert.ok(count > 1)
      assert.equal(kept.slot(oid, 'count'), count - 1)
      makeRoom()
      await refused.commit()
      await kept.reopen()
      assert.equal(kept.slot(oid, 'count'), count)
      assert.ok((await kept.image.verify()).ok)
    } finally {
      await kept.image.close()
    }
  }))

test('makes no image where there is no room for one, and one once there is', (t) =>
  onSmallDisk(t, 8, async ({ dir, leave, makeRoom }) => {
    const kept = new TestImage(dir)
    for (const bytes of [0, 50_000, MIB]) {
      leave(bytes)
      await assert.rejects(kept.open(), coded('E_DISK_FULL', { dir }))
      makeRoom()
    }
    await kept.open()
    assert.ok((await kept.image.verify()).ok)
    await kept.image.close()
  }))

test('begins a change of the format only where there is room for it', (t) =>
  onSmallDisk(t, 8, async ({ dir, leave, makeRoom }) => {
    const kept = await new TestImage(dir).open()
    const oid = await kept.make('genesis', { text: 'kept in every revision '.repeat(200) })
    await kept.image.close()
    await turnToFormat1(dir)
    leave(MIB)
    await assert.rejects(kept.open(), coded('E_DISK_FULL', { dir }))
    assert.ok((await tableNames(dir)).includes('heads'))
    makeRoom()
    await kept.open()
    assert.match(String(kept.slot(oid, 'text')), /^kept in every/)
    assert.ok((await kept.image.verify()).ok)
    await kept.image.close()
  }))
