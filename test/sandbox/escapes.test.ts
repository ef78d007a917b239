// Attempts to get out of the realm, to leave something behind in it, or to reach what a method is not given. Each body
// answers 'escaped' if it got what it was after; any other ending is a failed attempt. After each, an ordinary call must
// still be answered, by a language that is as it was.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { oidOf } from '../../src/base/ids.ts'
import { Primitive, Ref } from '../../src/base/value.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { answered, call, object, runBody } from './builders.ts'

// `code(F)`: whether F makes code from text. `open(x)`: the same for everything reachable as x.constructor.
const tools = `
  const verdict = (got) => got ? 'escaped' : 'held';
  const code = (F) => { try { return F('return 42')() === 42; } catch { return false; } };
  const open = (x) => { try { return code(x.constructor) || code(x.constructor.constructor); } catch { return false; } };
  const works = (f) => { try { return Boolean(f()); } catch { return false; } };
`

const codeFromText: Record<string, string> = {
  'this.constructor': 'return verdict(open(this ?? {}))',
  'plain function constructor': 'return verdict(open(function () {}))',
  'arrow function constructor': 'return verdict(open(() => 1))',
  'async function constructor': 'return verdict(open(async () => 1))',
  'generator constructor': 'return verdict(open(function* () {}))',
  'async generator constructor': 'return verdict(open(async function* () {}))',
  'class constructor': 'return verdict(open(class {}))',
  'constructor through prototypes':
    'return verdict(code(Object.getPrototypeOf(Object.getPrototypeOf(async () => 1)).constructor))',
  'constructor in pieces': "return verdict(code((() => 1)['con' + 'struc' + 'tor']))",
  'constructor by Reflect.get': "return verdict(code(Reflect.get(() => 1, 'constructor')))",
  'constructor of a bound function': 'return verdict(open((() => 1).bind(null)))',
  'constructor of a native function': 'return verdict(open(Array.prototype.map))',
  'constructor of a getter':
    "return verdict(open(Object.getOwnPropertyDescriptor(Map.prototype, 'size').get))",
  'constructor of Promise resolvers':
    'let f; new Promise((resolve) => { f = resolve; }); return verdict(open(f))',
  'constructor of a thrower': 'try { null.x } catch (e) { return verdict(open(e.constructor)) }',
  'constructor of self': 'return verdict(open(self) || open(self.constructor))',
  'constructor of a message function': 'return verdict(open(self.greet_) || open(self.send))',
  'constructor of a send promise': 'return verdict(open(self.greet_(1)))',
  'constructor of toString of self': 'return verdict(open(self.toString))',
  'all own properties of all globals': `
    const seen = new Set(), list = [globalThis, self.greet_];
    for (const x of list) {
      if ((typeof x !== 'object' && typeof x !== 'function') || x === null || x === self || seen.has(x)) continue;
      seen.add(x);
      list.push(Object.getPrototypeOf(x));
      for (const k of Reflect.ownKeys(x)) {
        const d = Object.getOwnPropertyDescriptor(x, k);
        list.push(d.value, d.get, d.set);
      }
    }
    return verdict([...seen].some((x) => typeof x === 'function' && code(x)))`,
  'eval by name': "return verdict(works(() => eval('42') === 42))",
  'eval of globalThis': "return verdict(works(() => globalThis.eval('42') === 42))",
  'indirect eval': "return verdict(works(() => (0, eval)('42') === 42))",
  'Function by name': "return verdict(works(() => Function('return 42')() === 42))",
  'new Function': "return verdict(works(() => new Function('return 42')() === 42))",
  'Reflect.construct of a function':
    "return verdict(works(() => Reflect.construct((() => 1).constructor, ['return 42'])() === 42))",
  'setTimeout with text': "return verdict(works(() => { setTimeout('1'); return true; }))",
  'RegExp replacer': "return verdict('x'.replace(/x/, '$&').constructor === undefined)",
  'import()': "try { await import('node:fs'); return 'escaped' } catch { return 'held' }",
  'import() of a data URL':
    "try { await import('data:text/javascript,1'); return 'escaped' } catch { return 'held' }",
  'constructor of an import rejection':
    "try { await import('x') } catch (e) { return verdict(open(e) || open(e.constructor)) }",
  'JSON reviver':
    'return verdict(open(JSON.parse(\'{"a":1}\', function (k, v) { return this; }).constructor))',
  'tagged template': 'return verdict(open(((x) => x)`a`))',
}

const machine: Record<string, string> = {
  process: "return verdict(typeof process !== 'undefined')",
  'globalThis.process': 'return verdict(globalThis.process)',
  require: "return verdict(typeof require !== 'undefined' || typeof module !== 'undefined')",
  fetch: "return verdict(typeof fetch !== 'undefined' || typeof XMLHttpRequest !== 'undefined')",
  timers: "return verdict(typeof setTimeout !== 'undefined' || typeof queueMicrotask !== 'undefined')",
  WebAssembly: "return verdict(typeof WebAssembly !== 'undefined')",
  'shared memory':
    "return verdict(typeof SharedArrayBuffer !== 'undefined' || typeof Atomics !== 'undefined')",
  'fine clock': "return verdict(typeof performance !== 'undefined')",
  'clock by Date':
    'const a = Date.now(); for (let i = 0; i < 3e5; i++); return verdict(Date.now() !== a || new Date() - a !== 0)',
  'Date of old instances': 'return verdict(new (new Date(0).constructor)().getTime() !== Date.now())',
  'Date called as a function': 'return verdict(Date() !== Date())',
  'collector by WeakRef':
    "return verdict(typeof WeakRef !== 'undefined' || typeof FinalizationRegistry !== 'undefined')",
  Proxy: "return verdict(typeof Proxy !== 'undefined')",
  console:
    "return verdict(typeof console !== 'undefined' || typeof print !== 'undefined' || typeof std !== 'undefined')",
  'host functions by name':
    "return verdict(['read', 'source', 'finish', 'host', 'start', 'evaluate'].some((n) => n in globalThis))",
  'globals beyond the language': `const known = /^(Object|Array|Number|parse|is|Infinity|NaN|undefined|Boolean|String|Symbol|Date|Promise|RegExp|.*Error|JSON|Math|.*Array|ArrayBuffer|BigInt|Map|Set|Weak(Map|Set)|Reflect|decodeURI|encodeURI|globalThis|DataView|Iterator)/;
    return verdict(Object.getOwnPropertyNames(globalThis).some((name) => !known.test(name)))`,
  'names of the prelude':
    'return verdict(works(() => entries) || works(() => traps) || works(() => finish) || works(() => call) || works(() => evaluate))',
  'caller of the method': 'return verdict(works(() => (function f() { return f.caller; })()))',
  'arguments.callee': 'return verdict(works(() => (function () { return arguments.callee; })()))',
  'stack frames as objects': `Error.prepareStackTrace = (e, sites) => sites;
    return verdict(Array.isArray(new Error('x').stack))`,
  'paths of the machine':
    "return verdict(/[\\\\/](work|home|root|src|node_modules|dist)/.test(new Error('x').stack))",
  'time zone data': "return verdict(typeof Intl !== 'undefined')",
}

const language: Record<string, string> = {
  'Object.prototype': 'Object.prototype.leaked = 1; return verdict({}.leaked)',
  'Array.prototype.push': "Array.prototype.push = () => 'mine'; return verdict([].push(1) === 'mine')",
  'Promise.prototype.then': 'Promise.prototype.then = () => {}; return "escaped"',
  'JSON.stringify': "JSON.stringify = () => '{}'; return 'escaped'",
  'Object.defineProperty of a prototype':
    "Object.defineProperty(String.prototype, 'leaked', { value: 1 }); return verdict(''.leaked)",
  'Reflect.set on Map.prototype': "return verdict(Reflect.set(Map.prototype, 'get', () => 1))",
  'accessor setter on Object.prototype':
    "Object.prototype.toString = () => 'mine'; return verdict(String({}) === 'mine')",
  'accessor setter on Error.prototype': "Error.prototype.name = 'mine'; return 'escaped'",
  'new global': 'globalThis.leaked = 1; return verdict(globalThis.leaked)',
  'implicit global': 'leaked = 1; return "escaped"',
  'delete a global': 'return verdict(delete globalThis.Map)',
  'replace a global': 'Map = 1; return "escaped"',
  'prototype of Object.prototype':
    'return verdict(Reflect.setPrototypeOf(Object.prototype, { leaked: 1 }) && {}.leaked)',
  '__proto__ of a plain object': 'const o = {}; o.__proto__ = { leaked: 1 }; return verdict(o.leaked)',
  __defineGetter__: "({}).__defineGetter__('x', () => 1); return 'escaped'",
  'prototype of iterators':
    'Object.getPrototypeOf([][Symbol.iterator]()).next = () => ({ done: true }); return "escaped"',
  'prototype of generators': 'Object.getPrototypeOf(function* () {}).prototype.next = 1; return "escaped"',
  'prototype of typed arrays': 'Object.getPrototypeOf(Uint8Array.prototype).length = 1; return "escaped"',
  'state kept on the function': 'run.kept = 1; return verdict(run.kept)',
  'Symbol.species of Promise':
    "Object.defineProperty(Promise, Symbol.species, { value: 1 }); return 'escaped'",
}

const objects: Record<string, string> = {
  'the entry behind a proxy': 'return verdict(self.slots || self.n !== undefined || self.entry)',
  'descriptors of a proxy': "return verdict(Object.getOwnPropertyDescriptor(self, 'run'))",
  'prototype of a proxy': 'return verdict(Object.getPrototypeOf(self))',
  'another object by a made-up reference': 'const o = { $r: 2 }; return verdict(o.secret || self.box.secret)',
  'a reference in text': `self.box = JSON.parse('{"$r":2}'); self._p_changed = true; return verdict(self.box.secret)`,
  'a primitive of the kernel': "await self.shutdown(); return 'escaped'",
  'a primitive by send': "await self.send('shutdown'); return 'escaped'",
  'method text': "return verdict(String(self.greet_).includes('secret text'))",
  'symbol keys': 'return verdict(self[Symbol.iterator] || self[Symbol.toPrimitive])',
  'storage names': 'return verdict(self._slots || self._p_oid || self._p_jar)',
  'then of self': 'return verdict(await self === self ? false : true)',
  'ending that is caught': "try { await self.shutdown() } catch {} finally { return 'escaped' }",
  'ending that is looped over': 'for (;;) { try { await self.shutdown() } catch { for (;;); } }',
  'valueOf of a selector': "await self.send({ toString: () => 'shutdown' }); return 'escaped'",
  'thenable as an answer': "return { then(resolve) { resolve('escaped') } }.nothing ?? 'held'",
  'a promise with its own then': `const p = Promise.resolve('held'); Object.defineProperty(p, 'then', { value: (f) => f('escaped') });
    return p.constructor === undefined ? 'escaped' : await self.give_(1)`,
}

let sandbox: Sandbox
before(async () => {
  sandbox = await startSandbox({ limits: { cpuMs: 1000, memoryMb: 24 } })
})
after(() => sandbox.stop())

const world = (source: string) => [
  object(1, {
    shutdown: new Primitive('kernel.shutdown'),
    box: {},
    'greet_()': 'function greet_(self, a) { return "secret text"; }',
    'give_()': 'function give_(self, a) { return "held"; }',
    'run()': source,
  }),
  object(2, { secret: 'escaped' }),
]

async function stillWhole(name: string): Promise<void> {
  const body = `return [typeof leaked, {}.leaked, globalThis.leaked, String({}), [].push(1), new Map([[1, 2]]).get(1),
    JSON.stringify({ a: [1] }), new Error('x').name, run.kept]`
  assert.deepEqual(
    answered(await runBody(sandbox, body)),
    ['undefined', null, null, '[object Object]', 1, 2, '{"a":[1]}', 'Error', null],
    `after: ${name}`,
  )
}

const attempts = Object.entries({ ...codeFromText, ...machine, ...language, ...objects })

test(`holds against ${attempts.length} attempts to get out or to leave something behind`, async () => {
  assert.ok(attempts.length >= 60)
  for (const [name, body] of attempts) {
    const result = await sandbox.invoke(call(world(`async function run(self) {${tools}${body}\n}`), 'run'))
    const value = result.kind === 'answer' ? result.value : undefined
    assert.notEqual(value, 'escaped', name)
    assert.notEqual(result.kind, 'lost', name)
    assert.doesNotMatch(
      result.kind === 'failed' ? result.message : '',
      /SyntaxError/,
      `${name} is no attempt`,
    )
    await stillWhole(name)
  }
  assert.equal(({} as Record<string, unknown>).leaked, undefined)
})

test('runs the checks themselves: the same probes find what is open here', () => {
  const probe = new Function('x', `${tools} return [open(x), code(Function), works(() => eval('42') === 42)]`)
  assert.deepEqual(
    probe(() => 1),
    [true, true, true],
  )
})

test('gives a source that closes its wrapper nothing that outlives the call', async () => {
  const sources = [
    'function run(self) { return 1; }\n); globalThis.leaked = 1; (function run(self) { return "escaped"; }',
    'function run(self) { return 1; }); let leaked = 1; var leaked2 = 2; (() => leaked',
    '1), (function run(self) { return typeof leaked; }',
    '(leaked => leaked)(1)',
    'class run { static x = globalThis.leaked = 1 }',
  ]
  for (const source of sources) {
    const result = await sandbox.invoke(call(world(source), 'run'))
    assert.notEqual(result.kind === 'answer' && result.value, 'escaped')
    await stillWhole(source)
  }
})

test('keeps what one method does to an object away from the next call', async () => {
  const friends = [
    object(1, {
      friend: new Ref(oidOf(2)),
      'run()':
        'function run(self) { self.friend.list.push(1); self.friend._p_changed = true; return self.friend.list.length; }',
    }),
    object(2, { list: [] }),
  ]
  for (let i = 0; i < 3; i++) assert.equal(answered(await sandbox.invoke(call(friends, 'run'))), 1)
})
