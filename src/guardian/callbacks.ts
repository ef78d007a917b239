// What the functions get as arguments that a call may run: the one it calls, those it is handed, and when nobody knows what
// the call does, whatever got out of sight before.

import type { Assigning } from './assigning.ts'
import { ANSWERS, CALLBACK_PARAMETERS } from './builtins.ts'
import { calleeOf } from './callee.ts'
import type { Expressions } from './expressions.ts'
import type { KnownValues } from './known-values.ts'
import { CLEAN, clean, join, NO_FNS, read, type Value } from './layers.ts'
import type { CallExpression, NewExpression } from './parse.ts'
import type { Fn, Scopes } from './scope.ts'

export interface CallbacksInput extends Expressions, Pick<Assigning, 'pass'> {
  readonly scopes: Scopes
  readonly known: KnownValues
}

export function passToCallbacks(call: CallExpression | NewExpression, input: CallbacksInput): void {
  const { scopes, known, valueFrom, elementOf, answerOf, pass } = input
  const args = call.arguments
  const callee = calleeOf(call, scopes)
  const values = args.map(elementOf)
  const everything = values.reduce((v, a) => join(v, join(a, read(a))), { ...clean, fns: NO_FNS })
  const from = args.flatMap((arg) => known.rootsOf(arg))
  if (callee.kind === 'value') {
    const target = valueFrom(callee.callee)
    const hasSpread = args.some((a) => a.type === 'SpreadElement')
    for (const fn of target.fns) pass(fn, hasSpread ? toAll(fn, everything) : values, { from, at: call })
    if (target.fns.size > 0) return
  }
  const receiver =
    callee.kind === 'method'
      ? valueFrom(callee.receiver)
      : callee.kind === 'static'
        ? (values[0] ?? clean)
        : clean
  const sharers = callee.kind === 'method' ? known.rootsOf(callee.receiver) : from
  const name = callee.kind === 'value' ? undefined : callee.name
  const spec = name === undefined ? undefined : parametersOf(name)
  const any = join(join(everything, receiver), read(receiver))
  for (const value of values)
    for (const fn of value.fns) {
      const results = spec?.[0] === 'result' ? join(answerOf(fn), values[1] ?? clean) : clean
      const given = fn.node.params.map((_, i) => {
        switch (spec?.[i]) {
          case 'element':
            return read(receiver)
          case 'receiver':
            return receiver
          case 'result':
            return join(results, read(receiver))
          case 'primitive':
            return clean
          default:
            return any
        }
      })
      pass(fn, given, { from: [...sharers, ...(spec ? [] : from)], at: call })
    }
  const isBuiltIn =
    spec !== undefined || callee.kind === 'static' || (name !== undefined && ANSWERS.has(name))
  if (isBuiltIn) return
  for (const value of values) known.letOut(value)
  const isMessage = callee.kind === 'method' && receiver.self && receiver.layers === CLEAN
  if (isMessage) return
  for (const fn of known.escaped) pass(fn, toAll(fn, any), { from: [...sharers, ...from], at: call })
}

const ELEMENT = ['element'] as const
const parametersOf = (name: string) => (name === 'Array.from' ? ELEMENT : CALLBACK_PARAMETERS.get(name))

const toAll = (fn: Fn, value: Value): Value[] => fn.node.params.map(() => value)
