import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import type { Oid } from '../../src/base/ids.ts'
import { Primitive, Ref } from '../../src/base/value.ts'
import type { Image } from '../../src/image/image.ts'
import { openImage } from '../../src/image/open.ts'
import { type Call, type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { answered, method } from './builders.ts'

let dir: string
let image: Image
let sandbox: Sandbox
let counter: Oid
let friend: Oid

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'batos-sandbox-'))
  image = await openImage({ dir: join(dir, 'image'), clock: systemClock, durable: false })
  const transaction = image.begin({ user: 'ada' })
  const traits = transaction.create({ clone: new Primitive('clone') })
  const other = transaction.create({
    total: 10,
    add_: method('function add_(self, a) { self.total += a; self._p_changed = true; return self.total; }'),
  })
  const object = transaction.create({
    'parent*': traits.ref,
    friend: other.ref,
    items: ['a'],
    add_: method(
      'async function add_(self, a) { self.items.push(a); self._p_changed = true; return await self.friend.add_(a); }',
    ),
    copy: method(
      'async function copy(self) { const made = await self.clone(); made.items.push("copied"); return made; }',
    ),
  })
  counter = object.oid
  friend = other.oid
  await transaction.commit()
  sandbox = await startSandbox({ imageDir: join(dir, 'image') })
})

after(async () => {
  await sandbox.stop()
  await image.close()
  await rm(dir, { recursive: true })
})

const call = (more: Partial<Call>): Call => ({
  snapshot: image.head,
  overlay: [],
  receiver: counter,
  selector: 'add_',
  args: [],
  newOids: [],
  now: 0,
  randomSeed: 1,
  frozen: [],
  ...more,
})

test('reads objects from the image by itself, and what it changed is committed whole', async () => {
  const before = image.head
  const transaction = image.begin({ user: 'ada' })
  const result = await sandbox.invoke(call({ args: [5] }))
  assert.equal(answered(result), 15)
  assert.ok(result.kind === 'answer')
  transaction.apply(result.changed)
  await transaction.commit()
  assert.deepEqual(image.at(image.head).get(counter).get('items'), ['a', 5])
  assert.equal(image.at(image.head).get(friend).get('total'), 15)
  assert.equal(answered(await sandbox.invoke(call({ args: [1] }))), 16)
  assert.equal(answered(await sandbox.invoke(call({ args: [1], snapshot: before }))), 11)
})

test('lays what the transaction has changed over its snapshot', async () => {
  const transaction = image.begin({ user: 'ada' })
  transaction.get(friend).set('total', 100)
  const result = await sandbox.invoke(
    call({ snapshot: transaction.snapshot, overlay: transaction.changes(), args: [1] }),
  )
  assert.equal(answered(result), 101)
  transaction.abort()
})

test('makes objects under the oids it is given, and they can be committed', async () => {
  const transaction = image.begin({ user: 'ada' })
  const newOids = image.allocate(2)
  const result = await sandbox.invoke(call({ selector: 'copy', newOids }))
  assert.deepEqual(answered(result), new Ref(newOids[0]!))
  assert.ok(result.kind === 'answer')
  transaction.apply(result.changed)
  await transaction.commit()
  const made = image.at(image.head).get(newOids[0]!)
  assert.equal((made.get('items') as unknown[]).at(-1), 'copied')
  assert.deepEqual(made.get('friend'), new Ref(friend))
})

test('sees every commit of a thousand made one after the other', async () => {
  for (let i = 0; i < 1000; i++) {
    const transaction = image.begin({ user: 'ada' })
    transaction.get(friend).set('total', i)
    await transaction.commit()
    if (i % 10 === 0) {
      assert.equal(answered(await sandbox.invoke(call({ receiver: friend, args: [1] }))), i + 1)
    }
  }
})

test('leaves the image as it was when a thread that reads it must be ended', async () => {
  const transaction = image.begin({ user: 'ada' })
  const source = "function deaf(self) { return 'a'.repeat(4e6).indexOf('a'.repeat(2e6) + 'b'); }"
  const deaf = transaction.create({ friend: new Ref(friend), deaf: method(source) })
  await transaction.commit()
  for (let i = 0; i < 3; i++) {
    const killed = await sandbox.invoke(call({ receiver: deaf.oid, selector: 'deaf', limits: { cpuMs: 20 } }))
    assert.equal(killed.kind === 'failed' && killed.code, 'limits')
    const next = image.begin({ user: 'ada' })
    next.get(friend).set('total', i)
    await next.commit()
    assert.equal(answered(await sandbox.invoke(call({ receiver: friend, args: [1] }))), i + 1)
  }
  assert.deepEqual((await image.verify()).faults, [])
})

test('refuses to start where there is no image', async () => {
  await writeFile(join(dir, 'file'), '')
  await assert.rejects(startSandbox({ imageDir: join(dir, 'file', 'image') }), { code: 'E_SANDBOX' })
})
