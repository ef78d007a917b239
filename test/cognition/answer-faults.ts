// How a trial run can end, and what is wrong with it.
import type { Witness } from '../../src/base/value.ts'
import type { Invocation } from '../../src/sandbox/sandbox.ts'

const answer = (value: unknown, changes = 0): Invocation => ({
  kind: 'answer',
  value: value as never,
  changed: Array.from({ length: changes }, () => ({ oid: 'obj:1', slots: new Map() }) as const),
  sends: 0,
  cpuMs: 0,
})
const any: Witness = { args: [], slots: {} }
const eight: Witness = { args: [4], expected: 8, slots: {} }

export const answerFaults: readonly {
  name: string
  invocation: Invocation
  witness: Witness
  code?: string
}[] = [
  { name: 'the answer is the one expected', invocation: answer(8), witness: eight },
  { name: 'the answer differs', invocation: answer(9), witness: eight, code: 'answer' },
  { name: 'nothing is expected and something answered', invocation: answer('x'), witness: any },
  { name: 'nothing is answered and nothing changed', invocation: answer(null), witness: any, code: 'answer' },
  { name: 'nothing is answered but something changed', invocation: answer(null, 1), witness: any },
  { name: 'null is expected and answered', invocation: answer(null), witness: { ...any, expected: null } },
  { name: 'the answer is not a number', invocation: answer(Number.NaN), witness: any, code: 'answer' },
  {
    name: 'it took too long',
    invocation: { kind: 'failed', code: 'limits', message: 'more than 1000 ms' },
    witness: any,
    code: 'limits',
  },
  {
    name: 'it sends what nothing understands',
    invocation: { kind: 'unhandled', receiver: 'obj:1', selector: 'f_', args: [], sender: 'obj:1' },
    witness: any,
    code: 'threw',
  },
]
