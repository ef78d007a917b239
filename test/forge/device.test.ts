// Where a training runs, and what becomes of one for which a device has no room.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BatError } from '../../src/base/errors.ts'
import { type DeviceKind, onDevice } from '../../src/forge/device.ts'
import { allocateGraph, allocateTensors } from '../../src/forge/device-memory.ts'
import { openGgml } from '../../src/forge/ggml.ts'
import { F32, newTensor } from '../../src/forge/weights.ts'

const ggml = openGgml()
const backend = ggml.backend('cpu', 1)!
// 4 PB: more than a processor can address
const tooMany = 2 ** 50

/** E_TRAINER_MEMORY that asks for all of these floats. */
function noRoom(thrown: unknown): boolean {
  assert.ok(thrown instanceof BatError)
  const { needed, free } = thrown.details as { needed: number; free: number }
  assert.equal(thrown.code, 'E_TRAINER_MEMORY')
  assert.ok(needed >= (4 * tooMany) / 1e6 && free > 0 && free < needed, thrown.message)
  return true
}

test('refuses tensors for which the device has no room, with the bytes', () => {
  const context = ggml.context(8 * ggml.tensor_overhead())
  newTensor(ggml, context, F32, [tooMany])
  assert.throws(() => allocateTensors(ggml, context, backend), noRoom)
})

test('refuses a graph for which the device has no room, with the bytes', () => {
  const context = ggml.context(8 * ggml.tensor_overhead() + ggml.graph_overhead_custom(8, false))
  const graph = ggml.new_graph_custom(context, 8, false)
  ggml.build_forward_expand(graph, ggml.scale(context, newTensor(ggml, context, F32, [tooMany]), 2))
  assert.throws(() => allocateGraph(ggml, graph, backend), noRoom)
})

const unfit = {
  operation: new BatError('E_TRAINER_UNAVAILABLE', { reason: 'the device cannot do SOFT_MAX_BACK' }),
  room: new BatError('E_TRAINER_MEMORY', { needed: 9000, free: 100 }),
  gradients: new BatError('E_TRAINER_GRADIENTS', { difference: 1, limit: 1e-2 }),
  data: new BatError('E_TRAINER_DATA', { problems: 'line 1' }),
}
type Why = keyof typeof unfit
type Outcome = DeviceKind | 'refused'

const outcomes: readonly (readonly [
  asked: 'auto' | DeviceKind,
  gpu: boolean,
  why: Why | undefined,
  Outcome,
])[] = [
  ['auto', false, undefined, 'cpu'],
  ['auto', true, undefined, 'gpu'],
  ['auto', true, 'operation', 'cpu'],
  ['auto', true, 'room', 'cpu'],
  ['auto', true, 'gradients', 'cpu'],
  ['auto', true, 'data', 'refused'],
  ['cpu', true, 'room', 'cpu'],
  ['gpu', true, undefined, 'gpu'],
  ['gpu', true, 'operation', 'cpu'],
  ['gpu', true, 'room', 'refused'],
  ['gpu', true, 'gradients', 'refused'],
  ['gpu', false, undefined, 'refused'],
]

for (const [asked, gpu, why, outcome] of outcomes) {
  const machine = gpu ? `a GPU${why ? ` unfit by its ${why}` : ''}` : 'no GPU'
  test(`asked for ${asked} with ${machine}: ${outcome}`, async () => {
    const notices: string[] = []
    const report = (event: { kind: string; text?: string }) => notices.push(`${event.kind} ${event.text}`)
    const attempt = async (device: DeviceKind) => {
      if (device === 'gpu' && why) throw unfit[why]
      return device
    }
    const choice = { asked, gpu: gpu ? 'Card 1' : undefined, report }
    const got = await onDevice(choice, attempt).catch((thrown: BatError) => {
      assert.ok(gpu ? thrown === unfit[why!] : thrown.code === 'E_TRAINER_SETTINGS')
      return 'refused'
    })
    assert.equal(got, outcome)
    const said = asked !== 'cpu' && gpu && outcome === 'cpu'
    assert.equal(notices.length, said ? 1 : 0)
    if (said) assert.match(notices[0]!, /^notice Card 1: .+: training goes on on the CPU$/)
  })
}
