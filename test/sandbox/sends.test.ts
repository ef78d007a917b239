import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { oidOf } from '../../src/base/ids.ts'
import { Primitive, Ref, TreeRef } from '../../src/base/value.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { answered, call, object, runBody, slotsOf } from './builders.ts'

let sandbox: Sandbox
before(async () => {
  sandbox = await startSandbox({ limits: { cpuMs: 2000 } })
})
after(() => sandbox.stop())

const ref = (n: number): Ref => new Ref(oidOf(n))

test('runs a method and gives back the whole changed object', async () => {
  const counter = object(1, {
    count: 3,
    'increment_by_()':
      'function increment_by_(self, a) {\n  self.count = self.count + a;\n  self._p_changed = true;\n  return self.count;\n}',
  })
  const result = await sandbox.invoke(call([counter], 'increment_by_', [4]))
  assert.equal(answered(result), 7)
  const slots = slotsOf(result, 'obj:1')
  assert.deepEqual(Object.keys(slots), ['count', 'increment_by_'])
  assert.equal(slots.count, 7)
  assert.deepEqual(slots.increment_by_, counter.slots.get('increment_by_'))
})

test('answers with the data of a slot, and changes nothing', async () => {
  const result = await sandbox.invoke(call([object(1, { items: [1, { a: 'b' }] })], 'items'))
  assert.deepEqual(answered(result), [1, { a: 'b' }])
  assert.equal(result.kind === 'answer' && result.changed.length, 0)
})

test('binds self to the receiver of an inherited method, wherever it was found', async () => {
  const result = await sandbox.invoke(
    call(
      [
        object(1, { name: 'Ada', 'parent*': ref(2) }),
        object(2, { 'traits*': [ref(3), ref(4)] }),
        object(3, {}),
        object(4, { name: 'nobody', 'greet()': 'function greet(self) { return "I am " + self.name; }' }),
      ],
      'greet',
    ),
  )
  assert.equal(answered(result), 'I am Ada')
})

test('looks through parents in slot order, depth first, each once, and survives cycles', async () => {
  const named = (n: number, parents: Record<string, Ref>, which?: string) =>
    object(n, {
      ...parents,
      ...(which === undefined ? {} : { 'which()': `function which(self) { return "${which}"; }` }),
    })
  const world = [
    named(1, { 'a*': ref(2), 'b*': ref(3) }),
    named(2, { 'up*': ref(4), 'back*': ref(1) }),
    named(3, {}, 'the second parent'),
    named(4, { 'down*': ref(2) }, 'the grandparent through the first'),
  ]
  assert.equal(answered(await sandbox.invoke(call(world, 'which'))), 'the grandparent through the first')
  const missing = await sandbox.invoke(call(world, 'nowhere_', [1]))
  assert.deepEqual(missing, {
    kind: 'unhandled',
    receiver: 'obj:1',
    selector: 'nowhere_',
    args: [1],
    sender: 'obj:1',
  })
})

test('sends between objects, awaited, through slots, nested data, send() and arguments', async () => {
  const world = [
    object(1, {
      friend: ref(2),
      'parent*': ref(3),
      'run_()': `async function run_(self, a) {
        const one = await self.friend.add_(1);
        const two = await self.send('twice_', one);
        const three = await self.friends[0].add_(two);
        const four = await a.add_(100);
        return [one, two, three, four, self.friend === a, self.friends.includes(a), a];
      }`,
      friends: [ref(2)],
    }),
    object(2, {
      total: 10,
      'add_()': 'function add_(self, a) { self.total += a; self._p_changed = true; return self.total; }',
    }),
    object(3, { 'twice_()': 'function twice_(self, a) { return 2 * a; }' }),
  ]
  const result = await sandbox.invoke(call(world, 'run_', [ref(2)]))
  assert.deepEqual(answered(result), [11, 22, 33, 133, true, true, ref(2)])
  assert.equal(slotsOf(result, 'obj:2').total, 133)
  assert.equal(result.kind === 'answer' && result.changed.length, 1)
  assert.equal(result.kind === 'answer' && result.sends, 5)
})

test('passes arguments and answers as copies, so that two objects never share a list', async () => {
  const world = [
    object(1, {
      mine: [1],
      other: ref(2),
      'run()': `async function run(self) {
        const kept = await self.other.keep_(self.mine);
        kept.push('answer');
        self.mine.push(2);
        self._p_changed = true;
      }`,
    }),
    object(2, {
      list: null,
      'keep_()':
        'function keep_(self, a) { self.list = a; a.push("inner"); self._p_changed = true; return self.list; }',
    }),
  ]
  const result = await sandbox.invoke(call(world, 'run'))
  assert.deepEqual(slotsOf(result, 'obj:1').mine, [1, 2])
  assert.deepEqual(slotsOf(result, 'obj:2').list, [1, 'inner'])
})

test('ends at once, with nothing changed, at a send that nothing understands', async () => {
  const world = [
    object(1, {
      count: 1,
      friend: ref(2),
      'run()': `async function run(self) {
        self.count = 2; self._p_changed = true;
        try { await self.friend.greet_and_('x', { list: [self] }); } catch {} finally { self.count = 3; }
        return 'never';
      }`,
    }),
    object(2, {}),
  ]
  assert.deepEqual(await sandbox.invoke(call(world, 'run')), {
    kind: 'unhandled',
    receiver: 'obj:2',
    selector: 'greet_and_',
    args: ['x', { list: [ref(1)] }],
    sender: 'obj:1',
  })
})

test('takes the call of a missing unary slot for a message, a read of it for undefined', async () => {
  const friend = { friend: ref(1) }
  const unhandled = await runBody(sandbox, 'return (await self.friend\n  .size()) + 1', friend)
  assert.equal(unhandled.kind === 'unhandled' && unhandled.selector, 'size')
  assert.equal(
    answered(
      await runBody(sandbox, 'self.total = (self.total || 0) + 1; self._p_changed = true; return self.total'),
    ),
    1,
  )
  const threw = await runBody(sandbox, 'const t = self.total;\nreturn [1].missing()')
  assert.equal(threw.kind === 'failed' && threw.code, 'threw')
  assert.equal(threw.kind === 'failed' && threw.line, 3)
})

test('answers a receiver that does not exist with reach', async () => {
  const result = await runBody(sandbox, 'return await self.gone.hello_(1)', { gone: ref(77) })
  assert.equal(result.kind === 'failed' && result.code, 'reach')
  assert.match(result.kind === 'failed' ? result.message : '', /obj:77 does not exist/)
})

test('clones: plain values copied, references and methods kept, new oids in order', async () => {
  const world = [
    object(1, {
      items: [1, [2]],
      friend: ref(2),
      'parent*': ref(3),
      'run()': `async function run(self) {
        const first = await self.clone();
        first.items[1].push(3);
        first.friend.seen = true;
        first.friend._p_changed = true;
        const second = await first.clone();
        second.items.push('second');
        return [first, second, await first.name()];
      }`,
      'name()': 'function name(self) { return self.items.length; }',
    }),
    object(2, { seen: false }),
    object(3, { clone: new Primitive('clone'), print: new Primitive('print') }),
  ]
  const result = await sandbox.invoke(call(world, 'run'))
  assert.deepEqual(answered(result), [ref(900), ref(901), 2])
  const first = slotsOf(result, 'obj:900')
  assert.deepEqual(first.items, [1, [2, 3]])
  assert.deepEqual(first.friend, ref(2))
  assert.deepEqual(first['parent*'], ref(3))
  assert.deepEqual(first.run, world[0]!.slots.get('run'))
  assert.deepEqual(slotsOf(result, 'obj:901').items, [1, [2, 3], 'second'])
  assert.deepEqual(slotsOf(result, 'obj:2'), { seen: true })
  assert.deepEqual(slotsOf(result, 'obj:1'), {})
})

test('makes no more objects than it was given oids for, and clones no Trees', async () => {
  const slots = { clone: new Primitive('clone') }
  const many = await runBody(sandbox, 'for (;;) await self.clone()', slots)
  assert.equal(many.kind === 'failed' && many.code, 'limits')
  const tree = await runBody(sandbox, 'return await self.clone()', {
    ...slots,
    index: [new TreeRef('obj:5')],
  })
  assert.equal(tree.kind === 'failed' && tree.code, 'reach')
})

test('names the primitive that only the kernel can run', async () => {
  const result = await runBody(sandbox, 'return await self.fetch_("http://x")', {
    fetch_: new Primitive('tools.fetch'),
  })
  assert.equal(result.kind === 'failed' && result.code, 'reach')
  assert.match(
    result.kind === 'failed' ? result.message : '',
    /only the kernel can run the primitive tools\.fetch/,
  )
})

test('prints an object as text', async () => {
  const slots = { print: new Primitive('print'), count: 3, name: 'Ada' }
  assert.equal(
    answered(await sandbox.invoke(call([object(1, slots)], 'print'))),
    'obj:1 { count: 3, name: "Ada" }',
  )
})

test('runs chains of awaits, parallel sends and promises made by hand', async () => {
  const body = `
    const answers = await Promise.all([1, 2, 3].map((x) => self.twice_(x)));
    const later = new Promise((resolve) => { Promise.resolve().then(() => resolve(5)); });
    let sum = 0;
    for (let i = 0; i < 200; i++) sum += await self.twice_(i);
    return [answers, await later, sum];`
  const twice = 'async function twice_(self, a) { await null; return await (async () => 2 * a)(); }'
  assert.deepEqual(answered(await runBody(sandbox, body, { 'twice_()': twice })), [[2, 4, 6], 5, 39800])
})

test('tells of a promise that nothing settles', async () => {
  const result = await runBody(sandbox, 'await new Promise(() => {})')
  assert.equal(result.kind === 'failed' && result.code, 'threw')
  assert.match(result.kind === 'failed' ? result.message : '', /nothing settles/)
})

test('stops sends that wait for one another deeper than the limit', async () => {
  const sync = 'function down_(self, a) { return self.down_(a + 1); }'
  const later = 'async function down_(self, a) { await null; return await self.down_(a + 1); }'
  for (const source of [sync, later]) {
    const result = await sandbox.invoke(
      call([object(1, { 'down_()': source })], 'down_', [0], { limits: { depth: 20 } }),
    )
    assert.equal(result.kind === 'failed' && result.code, 'depth', JSON.stringify(result))
  }
  const shallow = 'async function down_(self, a) { return a === 0 ? "floor" : await self.down_(a - 1); }'
  const result = await sandbox.invoke(
    call([object(1, { 'down_()': shallow })], 'down_', [15], { limits: { depth: 20 } }),
  )
  assert.equal(answered(result), 'floor')
})

test('attributes a send after an await to the object whose method made it', async () => {
  const world = [
    object(1, { friend: ref(2), 'run()': 'async function run(self) { return await self.friend.ask(); }' }),
    object(2, {
      third: ref(3),
      'ask()':
        'async function ask(self) { await self.third.fine(); await self.third.fine(); return await self.third.what_(1); }',
    }),
    object(3, { 'fine()': 'async function fine(self) { await null; return 1; }' }),
  ]
  const result = await sandbox.invoke(call(world, 'run'))
  assert.equal(result.kind === 'unhandled' && result.sender, 'obj:2')
})
