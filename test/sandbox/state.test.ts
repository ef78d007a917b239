import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { oidOf } from '../../src/base/ids.ts'
import { BlobRef, Primitive, Ref, TreeRef, type Value } from '../../src/base/value.ts'
import { type FailureCode, type Invocation, type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { answered, call, method, object, runBody, slotsOf } from './builders.ts'

let sandbox: Sandbox
before(async () => {
  sandbox = await startSandbox({ limits: { cpuMs: 2000 } })
})
after(() => sandbox.stop())

function failed(result: Invocation, code: FailureCode, message: RegExp): void {
  assert.equal(result.kind === 'failed' && result.code, code, JSON.stringify(result))
  assert.match(result.kind === 'failed' ? result.message : '', message)
}

const flag = 'self._p_changed = true;'

test('finds every change that was not flagged', async () => {
  const slots = { count: 1, items: [1, { deep: [] }], when: new Date(5), bytes: new Uint8Array([1]), gone: 1 }
  const changes: Record<string, RegExp> = {
    'self.count = 2': /obj:1\.count/,
    'self.count++': /obj:1\.count/,
    'self.fresh = 1': /obj:1\.fresh/,
    'delete self.gone': /obj:1\.gone/,
    'self.items.push(2)': /obj:1\.items/,
    'self.items[1].deep.push(2)': /obj:1\.items/,
    'const alias = self.items; alias.length = 0': /obj:1\.items/,
    'self.items.sort((x, y) => 1)': /obj:1\.items/,
    'self.when.setTime(6)': /obj:1\.when/,
    'self.bytes[0] = 2': /obj:1\.bytes/,
    'Object.assign(self, { count: 5 })': /obj:1\.count/,
    'self.count = 2; self.items.pop()': /obj:1\.count, obj:1\.items/,
  }
  for (const [change, where] of Object.entries(changes)) {
    failed(await runBody(sandbox, change, slots), 'amnesia', where)
    const flagged = await runBody(sandbox, `${change}; ${flag}`, slots)
    assert.equal(flagged.kind, 'answer', `${change}: ${JSON.stringify(flagged)}`)
    assert.equal(flagged.kind === 'answer' && flagged.changed.length, 1)
  }
})

test('takes what is as it was for unchanged, and a needless flag for nothing', async () => {
  const slots = { count: 1, items: [{ a: 1, b: -0 }], big: 10n ** 30n, odd: Number.NaN, $: { $r: 'text' } }
  const bodies = [
    'self.count = 1',
    'self.items.push(2); self.items.pop()',
    'self.items = [{ a: 1, b: -0 }]',
    'self.big = self.big * 1n',
    'self.odd = NaN',
    'self.$ = { $r: "text" }',
    flag,
  ]
  for (const body of bodies) {
    const result = await runBody(sandbox, body, slots)
    assert.equal(result.kind === 'answer' && result.changed.length, 0, `${body}: ${JSON.stringify(result)}`)
  }
})

test('asks for the flag of each object that changed', async () => {
  const world = (body: string) => [
    object(1, { count: 1, friend: new Ref(oidOf(2)), 'run()': `async function run(self) { ${body} }` }),
    object(2, { count: 1, 'bump()': 'function bump(self) { self.count += 1; }' }),
  ]
  const run = (body: string) => sandbox.invoke(call(world(body), 'run'))
  failed(await run(`self.friend.count = 2; ${flag}`), 'amnesia', /obj:2\.count/)
  failed(await run(`await self.friend.bump(); ${flag}`), 'amnesia', /obj:2\.count/)
  const result = await run('await self.friend.bump(); self.friend._p_changed = true;')
  assert.equal(slotsOf(result, 'obj:2').count, 2)
})

test('refuses changes of frozen objects, however they are made', async () => {
  for (const body of ['self.count = 2', 'self.items.push(1)', 'delete self.count', 'self.more = 1']) {
    const result = await runBody(sandbox, `${body}; ${flag}`, { count: 1, items: [] }, { frozen: ['obj:1'] })
    failed(result, 'reach', /obj:1 is frozen/)
  }
  const read = await runBody(sandbox, 'return self.items', { items: [1] }, { frozen: ['obj:1'] })
  assert.deepEqual(answered(read), [1])
})

test('keeps methods, primitives, parents and internal storage out of reach of assignment', async () => {
  const slots = {
    'parent*': new Ref(oidOf(1)),
    'size()': 'function size(self) { return 1; }',
    p: new Primitive('p'),
  }
  const bodies = [
    'self.size = 1',
    'delete self.size',
    'self.run = () => 1',
    'self.p = 1',
    'self["parent*"] = self',
    'delete self["parent*"]',
    'self["new*"] = self',
    'self._p_oid = 7',
    'self._v_cache = 7',
    'self._p_changed = false',
    'self._p_changed = 1',
    'delete self._p_changed',
    'Object.defineProperty(self, "x", { get() { return 1; } })',
    'Object.setPrototypeOf(self, {})',
    'Object.freeze(self)',
    'try { self.size = 1 } catch {}',
  ]
  for (const body of bodies) failed(await runBody(sandbox, `${body}; ${flag}`, slots), 'storage', /./)
})

test('refuses what is no image value as slot, argument and answer, with its path', async () => {
  const bad: Record<string, RegExp> = {
    '() => 1': /function/,
    'Symbol("s")': /symbol/,
    'Promise.resolve(1)': /promise: await it/,
    'new Map()': /neither plain data/,
    '/x/': /neither plain data/,
    'new (class Point { x = 1 })()': /neither plain data/,
    'new Date(NaN)': /invalid date/,
    '(() => { const a = []; a.push(a); return a; })()': /contains itself/,
    '(() => { let a = []; for (let i = 0; i < 500; i++) a = [a]; return a; })()': /nested more than/,
  }
  for (const [value, message] of Object.entries(bad)) {
    failed(await runBody(sandbox, `self.x = { list: [0, ${value}] }; ${flag}`), 'value', message)
    failed(await runBody(sandbox, `self.x = ${value}; ${flag}`), 'value', message)
    failed(await runBody(sandbox, `return { list: [0, ${value}] }`), 'value', message)
    failed(
      await runBody(sandbox, `await self.take_({ list: [0, ${value}] })`, {
        'take_()': 'function take_(self, a) { return 1; }',
      }),
      'value',
      message,
    )
  }
  failed(
    await runBody(sandbox, 'return { list: [0, () => 1] }'),
    'value',
    /the answer\.list\[1\] is a function/,
  )
  failed(await runBody(sandbox, `self.x = { y: () => 1 }; ${flag}`), 'value', /obj:1\.x\.y is a function/)
  assert.deepEqual(answered(await runBody(sandbox, 'return [undefined, { a: undefined, b: 1 }]')), [
    null,
    { b: 1 },
  ])
  assert.equal(answered(await runBody(sandbox, 'return undefined')), null)
})

test('keeps Trees, Blobs and methods within data as handles that can be handed on', async () => {
  const slots = {
    index: new TreeRef('obj:5'),
    image: new BlobRef('ab', 3),
    kept: [method('function kept(self) {}'), new Primitive('p')],
    out: null,
  }
  const result = await runBody(sandbox, `self.out = [self.index, self.image, self.kept]; ${flag}`, slots)
  assert.deepEqual(slotsOf(result, 'obj:1').out, [slots.index, slots.image, slots.kept])
})

test('carries every value into the realm and back unchanged', async () => {
  const leaf: fc.Arbitrary<Value> = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.bigInt(),
    fc.boolean(),
    fc.constant(null),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array(),
    fc.nat().map((n) => new Ref(oidOf(n))),
    fc.constant(new BlobRef('ab', 3)),
  )
  const key = fc.oneof(
    fc.string(),
    fc.constantFrom('__proto__', 'constructor', 'toString', 'then', '$r', '$o', 'toJSON'),
  )
  const { value } = fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      leaf,
      fc.array(tie('value'), { maxLength: 4 }),
      fc
        .array(fc.tuple(key, tie('value')), { maxLength: 4 })
        .map((pairs): Value => Object.fromEntries(pairs)),
    ),
  }))
  const echo =
    'async function echo_(self, a) { self.kept = a; self._p_changed = true; return await self.same_(a); }'
  await fc.assert(
    fc.asyncProperty(value, async (sample) => {
      const world = [
        object(1, {
          'echo_()': echo,
          'same_()': 'function same_(self, a) { return [a, self.held]; }',
          held: sample,
        }),
      ]
      const result = await sandbox.invoke(call(world, 'echo_', [sample]))
      assert.deepEqual(answered(result), [sample, sample])
      assert.deepEqual(slotsOf(result, 'obj:1').kept, sample)
    }),
    { numRuns: 200 },
  )
})

test('gives the same time and the same chance to the same call', async () => {
  const body =
    'return [Date.now(), new Date().getTime(), new Date(5).getTime(), Math.random(), Math.random(), Math.random() < 1]'
  const one = answered(await runBody(sandbox, body)) as Value[]
  assert.deepEqual(answered(await runBody(sandbox, body)), one)
  assert.deepEqual(one.slice(0, 3), [1_700_000_000_000, 1_700_000_000_000, 5])
  assert.notEqual(one[3], one[4])
  const other = answered(await runBody(sandbox, body, {}, { randomSeed: 8 })) as Value[]
  assert.notEqual(other[3], one[3])
})

test('lets slots have any name, those of the machinery included', async () => {
  const names = [
    'n',
    'slots',
    'proxy',
    'frozen',
    'found',
    'constructor',
    'toString',
    '__proto__',
    'hasOwnProperty',
    'then',
  ]
  const slots = Object.fromEntries(names.map((name, i) => [name, i]))
  const body = `for (const name of Object.keys(self)) self[name] += 1; self._p_changed = true; return { ...self };`
  const result = await runBody(sandbox, body, slots)
  assert.deepEqual(answered(result), Object.fromEntries(names.map((name, i) => [name, i + 1])))
})

test('does not take awaiting an object for a message to it', async () => {
  const then = { 'then()': 'function then(self) { return 1; }', count: 5 }
  assert.equal(answered(await runBody(sandbox, 'const me = await self; return me.count', then)), 5)
})

test('reads data that is nested as deep as a method may make it', async () => {
  const nested = (depth: number): Value => (depth === 0 ? 1 : [nested(depth - 1)])
  const body = 'let x = self.x; let n = 0; while (Array.isArray(x)) { x = x[0]; n++; } return n'
  assert.equal(answered(await runBody(sandbox, body, { x: nested(100) })), 100)
})

test('lists the data slots of an object, and tells which there are', async () => {
  const body = `return [Object.keys(self), 'count' in self, 'run' in self, 'nope' in self, { ...self },
    JSON.stringify(self), String(self), \`\${self}\`, Object.hasOwn(self, 'count')]`
  assert.deepEqual(answered(await runBody(sandbox, body, { count: 1, name: 'Ada', 'parent*': [] })), [
    ['count', 'name'],
    true,
    true,
    false,
    { count: 1, name: 'Ada' },
    '{"count":1,"name":"Ada"}',
    'obj:1',
    'obj:1',
    true,
  ])
})

test('lets plain objects and errors have toString, message and constructor of their own', async () => {
  const body = `const o = {}; o.toString = () => 'mine'; o.constructor = 1;
    const e = new Error('a'); e.message = 'b'; e.name = 'Mine';
    class Oops extends Error { constructor() { super('oops'); this.name = 'Oops'; } }
    return [String(o), o.constructor, String(e), String(new Oops())]`
  assert.deepEqual(answered(await runBody(sandbox, body)), ['mine', 1, 'Mine: b', 'Oops: oops'])
})
