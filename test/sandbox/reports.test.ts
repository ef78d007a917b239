import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { oidOf } from '../../src/base/ids.ts'
import { Ref } from '../../src/base/value.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { answered, call, method, object, runBody } from './builders.ts'

let sandbox: Sandbox
before(async () => {
  sandbox = await startSandbox({ limits: { cpuMs: 2000 } })
})
after(() => sandbox.stop())

const ref = (n: number): Ref => new Ref(oidOf(n))

test('tells line, column and object of what was thrown, also from another object and after an await', async () => {
  const world = [
    object(1, {
      friend: ref(2),
      'run()': 'async function run(self) {\n  return await self.friend.fail();\n}',
    }),
    object(2, {
      'fail()': 'async function fail(self) {\n  await null;\n  const x = null;\n  return x.y;\n}',
    }),
  ]
  const result = await sandbox.invoke(call(world, 'run'))
  assert.equal(result.kind, 'failed')
  if (result.kind !== 'failed') return
  assert.equal(result.code, 'threw')
  assert.match(result.message, /TypeError: cannot read property 'y' of null/)
  assert.equal(result.line, 4)
  assert.ok(result.column! > 8)
  assert.equal(result.object, 'obj:2')
})

test('lets a method catch what another one throws, and tell anything thrown', async () => {
  const fails = { 'fail()': 'function fail(self) { throw new Error("inside"); }' }
  assert.equal(
    answered(await runBody(sandbox, 'try { await self.fail(); } catch (e) { return e.message; }', fails)),
    'inside',
  )
  for (const [thrown, message] of [
    ['"text"', /threw text/],
    ['{ a: 1 }', /threw \{"a":1\}/],
    ['undefined', /threw/],
    ['Symbol("s")', /is a symbol/],
    ['{ get a() { throw 1; } }', /is a object/],
  ] as const) {
    const result = await runBody(sandbox, `throw ${thrown}`)
    assert.equal(result.kind === 'failed' && result.code, 'threw')
    assert.match(result.kind === 'failed' ? result.message : '', message)
  }
})

test('judges the syntax of a source', async () => {
  assert.equal(await sandbox.compileCheck('function a_(self, a) {\n  return a;\n}'), undefined)
  assert.equal(await sandbox.compileCheck('async function a(self) { return await self.b(); }'), undefined)
  assert.equal((await sandbox.compileCheck('function a_(self, a) {\n  return a +* 2;\n}'))?.line, 2)
  assert.notEqual(await sandbox.compileCheck('function a(self) {}) ; evil(); (function () {}'), undefined)
  assert.notEqual(await sandbox.compileCheck('function a(self) {'), undefined)
  assert.notEqual(await sandbox.compileCheck('function a(self) { with (self) {} }'), undefined)
})

test('reports a method whose source does not compile', async () => {
  const result = await sandbox.invoke(
    call([{ oid: 'obj:1', slots: new Map([['a', method('function a(self) {\n  return +* 1\n}')]]) }], 'a'),
  )
  assert.equal(result.kind === 'failed' && result.code, 'threw')
  assert.match(result.kind === 'failed' ? result.message : '', /SyntaxError/)
  assert.equal(result.kind === 'failed' && result.line, 2)
})
