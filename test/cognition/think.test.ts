// Asking again, of a model server that misbehaves in so many ways.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { packageRoot } from '../../src/base/package-root.ts'
import type { Observation } from '../../src/cognition/observation.ts'
import { makeThink } from '../../src/cognition/think.ts'
import { startEngine } from '../../src/mind/engine.ts'
import type { Inference } from '../../src/mind/inference.ts'
import { startRemoteEngine } from '../../src/mind/remote-engine.ts'
import { code, request } from '../mind/engine-behaviour.ts'
import { type Fault, type ModelServer, startModelServer } from '../mind/model-server.ts'

const modelPath = join(packageRoot, 'models', 'seed.gguf')
const limits = { answerMs: 20_000, silentMs: 20_000, tries: 1, backOffMs: 1 }
const asked = request({ grammar: 'root ::= "return a" "\\n"?', temperature: 0 })
let local: Inference
let server: ModelServer
let engine: Inference

before(async () => {
  local = startEngine({ modelPath, gpu: false, threads: 1 })
  server = await startModelServer({ kind: 'plain', modelPath, engine: local })
  engine = startRemoteEngine({ url: server.url, contextSize: 1024, limits })
})
after(async () => {
  await engine.stop()
  await server.stop()
  await local.stop()
})

/** Thinks while the server does these things, one a request. */
async function thinkDuring(...faults: readonly Fault[]) {
  const seen: Observation[] = []
  const from = server.asked.length
  server.misbehave(...faults)
  const { signal } = new AbortController()
  const think = makeThink((each, options) => engine.infer(each, options))
  const ended = await think(asked, { signal, observe: (each) => seen.push(each) }).catch(
    (thrown: unknown) => thrown,
  )
  const bodies = server.asked
    .slice(from)
    .flatMap(({ path, body }) => (path.endsWith('completions') ? [body] : []))
  return { bodies, seen, ended }
}

const right: Fault = { do: 'say', text: 'return a' }
const wrong: Fault = { do: 'say', text: 'I cannot do that.' }
const lost: Fault = { do: 'cut', after: 0 }

test('asks the same again when the server was lost', async () => {
  const { bodies, seen } = await thinkDuring(lost, lost, right)
  assert.equal(bodies.length, 3)
  assert.deepEqual([bodies[1], bodies[2]], [bodies[0], bodies[0]])
  assert.deepEqual(
    seen.map(({ kind }) => kind),
    ['waiting', 'waiting', 'call'],
  )
})

test('draws an answer of the wrong form again, warm and with other seeds, and tells what was asked at last', async () => {
  const { bodies, seen } = await thinkDuring(wrong, wrong, right)
  assert.deepEqual(
    bodies.map(({ temperature }) => temperature),
    [0, 0.7, 0.7],
  )
  assert.equal(new Set(bodies.map(({ seed }) => seed)).size, 3)
  const call = seen.at(-1)!
  assert.ok(call.kind === 'call')
  assert.equal(call.request.seed, bodies[2]!.seed)
  assert.equal(call.result.text, 'return a')
})

test('gives up after four tries, and at once where asking again is of no use', async () => {
  const form = await thinkDuring(wrong, wrong, wrong, wrong, right)
  assert.ok(code('E_ANSWER_FORM')(form.ended))
  assert.equal(form.bodies.length, 4)
  const refused = await thinkDuring({ do: 'answer', status: 422 }, right)
  assert.ok(code('E_ENGINE_REFUSED')(refused.ended))
  assert.equal(refused.bodies.length, 1)
})
