// Methods that would never end, or would take all memory or all stack. Each must be ended with `limits` (or fail in some
// other way by itself), the process must not grow by more than the realm is allowed, and the next ordinary call must be
// answered.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Invocation, type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { answered, call, object, runBody } from './builders.ts'

const time: Record<string, string> = {
  'endless loop': 'for (;;);',
  'loop that catches everything': 'for (;;) { try { for (;;); } catch {} finally { continue; } }',
  'loop after an await': 'await null; for (;;);',
  'loop in a catch after an ended loop': 'try { await self.loop(); } catch {} for (;;);',
  'await without end': 'for (;;) await null;',
  'promise that follows itself': 'const f = () => Promise.resolve().then(f); await f();',
  'sends without end': 'for (;;) await self.one();',
  'regular expression that backtracks': 'return /^(a+)+$/.test("a".repeat(40) + "b");',
  'sort with a dear comparison':
    'return Array.from({ length: 1e5 }, (_, i) => i).sort(() => { for (let i = 0; i < 1e4; i++); return 1; });',
  'getter without end': 'return { get a() { for (;;); } };',
  'thrown thing without end': 'throw { get message() { for (;;); } };',
  'thenable without end': 'await { then() { for (;;); } };',
  'iterator without end':
    'const [...all] = { [Symbol.iterator]: () => ({ next: () => ({ done: false, value: 1 }) }) };',
  'built-in that never looks at the clock': 'JSON.stringify(Array(2e6).fill({ a: 1 }));',
  'join of a join': 'return Array(1e7).join(Array(1e3).join("x"));',
  'array from a great length': 'return Array.from({ length: 1e9 });',
  'fill of a great typed array': 'const a = new Uint8Array(1e7); for (;;) a.fill(1);',
  'indexOf over and over': 'const s = "a".repeat(5e6); for (;;) s.indexOf("aaaaaaaaaaab");',
}

const memory: Record<string, string> = {
  'arrays of arrays': 'const a = []; for (;;) a.push(new Array(1e5).fill(1));',
  'sparse arrays': 'const a = []; for (;;) a.push(new Array(1e6));',
  objects: 'const a = []; for (;;) a.push({ x: a.length, y: [1, 2] });',
  texts: 'const a = []; for (;;) a.push("x".repeat(1000) + a.length);',
  'text doubled': 'let s = "abcdefgh"; for (;;) s += s;',
  'array buffers': 'const a = []; for (;;) a.push(new ArrayBuffer(1e6));',
  'one great buffer': 'return new ArrayBuffer(2 ** 31 - 1).byteLength;',
  'one great array': 'return new Array(1e9).fill(0).length;',
  'one great text': 'return "x".repeat(2 ** 29).length;',
  maps: 'const m = new Map(); for (let i = 0; ; i++) m.set(i, { i });',
  closures: 'let f = null; for (;;) { const g = f; f = () => g; }',
  promises: 'const a = []; for (;;) a.push(new Promise(() => {}));',
  'waiting sends': 'const a = []; for (;;) a.push(self.later());',
  'bigint power': 'let x = 3n; for (;;) x = x * x;',
  'bigint shift': 'let x = 1n; for (;;) x = x << 1000000n;',
  'memory in a finally':
    'const a = []; try { for (;;) a.push(new Array(1e5).fill(0)); } catch {} finally { for (;;) a.push({}); }',
  'slots without end': 'for (let i = 0; ; i++) { self["s" + i] = "x".repeat(1000); self._p_changed = true; }',
  'nested text': 'let a = []; for (let i = 0; i < 1e6; i++) a = [a]; return JSON.stringify(a);',
  'great answer': 'return Array(1e6).fill("xxxxxxxxxxxxxxxxxxxx");',
  'compiled regular expressions':
    'const a = []; for (let i = 0; ; i++) a.push(new RegExp("(a{1,50}){1,50}" + i));',
}

const stack: Record<string, string> = {
  recursion: 'function f() { return f() + 1; } return f();',
  'recursion in a catch': 'function f() { try { f(); } catch { f(); } } f();',
  'nested JSON': 'return JSON.parse("[".repeat(2e5));',
  'nested regular expression': 'return new RegExp("(?:".repeat(1e5) + ")".repeat(1e5));',
  'text of nested arrays': 'let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return String(a);',
  'bound functions': 'let f = () => 1; for (let i = 0; i < 1e5; i++) f = f.bind(null); return f();',
  'nested generators': 'function* g(n) { yield* g(n + 1); } return [...g(0)];',
  'recursion through toString': 'const o = { toString() { return String(this); } }; return String(o);',
  'recursion through replace': 'const f = () => "x".replace(/x/, f); return f();',
  'sends to itself': 'return await self.run();',
}

let sandbox: Sandbox
before(async () => {
  sandbox = await startSandbox({ limits: { cpuMs: 50, wallMs: 300, memoryMb: 24, depth: 20 } })
})
after(() => sandbox.stop())

const helpers = {
  count: 41,
  'loop()': 'function loop(self) { for (;;); }',
  'one()': 'function one(self) { return 1; }',
  'later()': 'async function later(self) { await new Promise(() => {}); }',
}

const explode = (body: string): Promise<Invocation> => runBody(sandbox, body, helpers)

async function nextIsAnswered(): Promise<void> {
  const source = 'function next(self) { self.count += 1; self._p_changed = true; return self.count; }'
  // A loaded machine may be too slow for the small limits of these tests; the ordinary call has ordinary ones.
  const limits = { cpuMs: 5000, wallMs: 10_000 }
  const next = await sandbox.invoke(
    call([object(1, { count: 41, 'next()': source })], 'next', [], { limits }),
  )
  assert.equal(answered(next), 42)
}

for (const [kind, bombs] of Object.entries({ time, memory, stack })) {
  test(`ends ${Object.keys(bombs).length} bombs of ${kind} and answers the next call`, async () => {
    for (const [name, body] of Object.entries(bombs)) {
      const before = process.memoryUsage().rss
      const result = await explode(body)
      assert.ok(
        result.kind === 'failed' || name === 'great answer',
        `${name}: ${JSON.stringify(result).slice(0, 200)}`,
      )
      if (kind === 'time')
        assert.equal(result.kind === 'failed' && result.code, 'limits', `${name}: ${JSON.stringify(result)}`)
      const grown = (process.memoryUsage().rss - before) / 2 ** 20
      assert.ok(grown < 250, `${name}: the process grew by ${grown.toFixed(0)} MB`)
      await nextIsAnswered()
    }
  })
}
