// The guest side of an invocation, as one piece of guest source: sends between objects, the methods compiled, and how an
// invocation ends. It is an expression that takes the host's three functions and gives the function that starts a call.
//
//   host.read(n)      the object as text (marshal.ts: packForRealm), '' when there is none
//   host.source(i)    the text of Method i of this call's table
//   host.finish(text) the end of the call; what runs after it has no effect
//
// An ending cannot be caught: it is told to the host at once, and then the host lets nothing run any more. The frame of a
// send (who runs, how deep) is kept over awaits by the hop that every answer takes: the job that sets `current` back runs
// just before the caller goes on. `Promise.all` over many sends may therefore attribute one to a sibling; the number of
// unfinished sends is bounded as well, so depth cannot be escaped that way.
import { endowments } from './endowments.ts'
import { guestObjects } from './guest-objects.ts'
import { guestValues } from './guest-values.ts'

/** File name of the prelude, and of generated code, in the stacks that the engine writes. */
export const preludeFile = 'bat:prelude'
export const generatedFile = '<input>'

const sends = String.raw`
  const ended = freeze({ name: 'Ended', message: 'the invocation has ended' })
  const then = Promise.prototype.then
  const never = new Promise(() => {})
  const settled = Promise.resolve()
  const compiled = new Map()
  const bySource = new Map()
  const marks = new WeakMap()
  let over = false
  let current
  let call
  let sent = 0
  let unfinished = 0
  let missing
  let describing = false

  function finish(outcome) {
    if (over) return
    over = true
    host.finish(stringify(outcome))
  }

  function fail(code, message, object) {
    if (describing) throw ended
    const place = placeOf(new Error().stack)
    finish({ kind: 'failed', code, message, object: object ?? current?.entry.n, ...place })
    throw ended
  }

  // The innermost place of generated code in a stack: where it did not compile, or the first frame of it. (Errors of
  // JSON.parse name a place in their text the same way.) Sources are compiled one line below their wrapper's first.
  function placeOf(stack) {
    if (typeof stack !== 'string') return {}
    const found = stack.match(/^\s*at <input>:(\d+)(?::(\d+))?\s+at eval /) ?? stack.match(/\(<input>:(\d+)(?::(\d+))?\)/)
    if (found === null) return {}
    return { line: Number(found[1]) - 1, column: found[2] === undefined ? undefined : Number(found[2]) }
  }

  function send(entry, selector, args, known) {
    if (over) return never
    const from = current
    if (from.depth >= call.depth || unfinished >= call.depth * 64) {
      return fail('depth', 'more than ' + call.depth + ' sends wait for one another, the last ' +
        nameOf(entry) + ' ' + selector)
    }
    const cell = known ?? lookup(entry, selector)
    if (cell === undefined) return unhandled(entry, selector, args, from)
    sent++
    missing = undefined
    if (isData(cell)) return answer(copy(dataOf(cell), nameOf(entry, selector)), from)
    if (cell.k === 'p') return answer(runPrimitive(entry, cell.v), from)
    for (let i = 0; i < args.length; i++) {
      if (!isScalar(args[i])) args[i] = copy(args[i], 'argument ' + (i + 1) + ' of ' + selector)
    }
    return runMethod(entry, cell.v, args, from)
  }

  function runMethod(entry, index, args, from) {
    const frame = { entry, depth: from.depth + 1, index }
    current = frame
    unfinished++
    let result
    try {
      result = compile(index)(entry.proxy, ...args)
    } catch (thrown) {
      return leave(from, thrown, frame)
    }
    current = from
    if (typeof result === 'object' && result !== null && getPrototypeOf(result) === Promise.prototype) {
      return then.call(result, (value) => {
        unfinished--
        current = from
        return copy(value, 'the answer')
      }, (thrown) => leave(from, thrown, frame))
    }
    unfinished--
    return answer(copy(result, 'the answer'), from)
  }

  const answer = (value, from) => then.call(settled, () => {
    current = from
    return value
  })

  function leave(from, thrown, frame) {
    unfinished--
    current = from
    mark(thrown, frame)
    return Promise.reject(thrown)
  }

  function unhandled(entry, selector, args, from) {
    if (!/^[A-Za-z_]\w*$/.test(selector) || internal(selector)) {
      return fail('value', stringify(selector) + ' is no selector')
    }
    finish({ kind: 'unhandled', receiver: entry.n, selector, sender: from.entry.n,
      args: args.map((arg, i) => enc(arg, 'argument ' + (i + 1) + ' of ' + selector)) })
    return never
  }

  // self.size() with no slot size reads undefined and calls it. The read is remembered, and when the call fails on a
  // source line that calls this very name, it was a message.
  function unhandledRead(entry, name) {
    missing = { entry, name }
  }

  function mark(thrown, frame) {
    if (typeof thrown !== 'object' || thrown === null || marks.has(thrown)) return
    marks.set(thrown, frame)
    if (missing === undefined || !(thrown instanceof TypeError) || thrown.message !== 'not a function') return
    const { line } = placeOf(thrown.stack)
    const text = line === undefined ? '' : (host.source(frame.index).split('\n')[line - 1] ?? '')
    const at = text.split(' ').join('').indexOf('.' + missing.name + '(')
    if (at >= 0) unhandled(missing.entry, missing.name, [], frame)
  }

  function compile(index) {
    let method = compiled.get(index)
    if (method !== undefined) return method
    const source = host.source(index)
    method = bySource.get(source)
    if (method === undefined) {
      method = evaluate('"use strict";(\n' + source + '\n)')
      if (typeof method !== 'function') throw new SyntaxError('the method is not one function')
      freeze(method)
      if (method.prototype !== undefined) freeze(method.prototype)
      bySource.set(source, method)
    }
    compiled.set(index, method)
    return method
  }

  function runPrimitive(entry, name) {
    if (name === 'clone') return clone(entry)
    if (name === 'print') return print(entry)
    return fail('reach', 'only the kernel can run the primitive ' + name, entry.n)
  }

  // A new object with the same slots: plain values copied, references kept.
  function clone(entry) {
    const n = call.newOids.shift()
    if (n === undefined) return fail('limits', 'no more objects can be made in this invocation')
    const slots = new Map()
    for (const [name, cell] of slotsOf(entry)) {
      if (isData(cell) && encText(dataOf(cell), nameOf(entry, name)).includes('{"$t":')) {
        return fail('reach', 'only the kernel can clone ' + nameOf(entry) + ', whose ' + name + ' holds a Tree')
      }
      slots.set(name, isData(cell) ? { k: 'd', v: copy(cell.v, nameOf(entry, name)), was: '' } : cell)
    }
    const made = entryOf(n)
    made.slots = slots
    made.created = true
    return made.proxy
  }

  const print = (entry) => nameOf(entry) + ' { ' + [...slotsOf(entry)].filter(([, cell]) => isData(cell))
    .map(([name, cell]) => name + ': ' + encText(dataOf(cell), name)).join(', ') + ' }'

  function complete(value) {
    try {
      const node = enc(value, 'the answer')
      finish({ kind: 'answer', value: node, changed: changes(), sends: sent })
    } catch (thrown) {
      threw(thrown)
    }
  }

  function threw(thrown) {
    if (over || thrown === ended) return
    const frame = typeof thrown === 'object' && thrown !== null ? marks.get(thrown) : undefined
    const { spent, message, place } = describe(thrown)
    finish({ kind: 'failed', code: spent ? 'limits' : 'threw', message: message.slice(0, 2000),
      object: (frame ?? current)?.entry.n, ...place })
  }

  // What was thrown, in words. It may be anything, and its properties may throw in turn.
  function describe(thrown) {
    describing = true
    try {
      if (!(thrown instanceof Error)) {
        return { message: 'threw ' + (typeof thrown === 'string' ? thrown : encText(thrown, '')) }
      }
      const message = String(thrown.message)
      const spent = thrown instanceof InternalError || message === 'stack overflow'
      return { spent, message: String(thrown.name) + ': ' + message, place: placeOf(thrown.stack) }
    } catch {
      return { message: 'threw something that is a ' + typeof thrown }
    } finally {
      describing = false
    }
  }

  function start(text) {
    call = parse(text)
    setMoment(call.now, call.seed)
    const receiver = entryOf(call.receiver)
    current = { entry: receiver, depth: 0 }
    then.call(send(receiver, call.selector, dec(call.args)), complete, threw)
  }
`

/** The whole prelude: a function expression of (read, source, finish) that gives `start(text)`. */
export const prelude = `(function (read, source, finishCall) {
  'use strict'
  const host = { read, source, finish: finishCall }
${endowments}
${guestValues}
${guestObjects}
${sends}
  install()
  return start
})`
