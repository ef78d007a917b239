// The persistence covenant: after every change of the state of `self`, every way out of the method passes
// `self._p_changed = true`. A flag set before the change, or in one branch only, does not cover it.
//
// Ways out are `return` and the end of the function, wherever they are reached from: early branches, loops, and the
// `catch` that an exception of a guarded block leads to. An exception that leaves the method is no way out: the
// message is rolled back with everything it changed. (Should the sender catch it, the amnesia check at commit sees a
// change that no flag covers.)
//
// The question, "can an exit be reached from here with no flag on the way?", is a backward may-analysis of one bit
// in the monotone framework of Kildall ("A unified approach to global program optimization", POPL 1973): the flag
// makes it false, an exit makes it true, everything else takes the union of what follows. Functions inside the
// method are summarised by the same bit from their entry to each of their own exits, and their changes are followed
// through the places that call them only along matching returns (Reps, Horwitz, Sagiv, "Precise interprocedural
// dataflow analysis via graph reachability", POPL 1995). Every bit is set at most once: the time is linear.
import type { Flow, FlowNode } from './flow.ts'
import { flowOf } from './flow-of.ts'
import { type AnyNode, positionsOf } from './parse.ts'
import { reachedFrom } from './reached.ts'
import type { Scopes } from './scope.ts'
import type { Violation } from './verdict.ts'

/** The changes of a method that some exit follows with no flag between. */
export function covenantViolations(source: string, scopes: Scopes): Violation[] {
  const at = positionsOf(source)
  const { now, late } = reachedFrom(scopes)
  const flow = flowOf({ scopes, reached: now, late })
  return owedChanges(flow).map(({ change, exit }) => {
    const subject = textOf(source, change)
    const where =
      exit?.type === 'ReturnStatement'
        ? `the return on line ${at(exit.start).line}`
        : `the end of the function on line ${at((exit ?? scopes.fns[0]!.node).end - 1).line}`
    return {
      code: 'covenant',
      ...at(change.start),
      message: `${subject} changes the state and ${where} can be reached with no \`self._p_changed = true;\` after it`,
      subject,
    }
  })
}

const EXITS = ['end', 'thrown', 'paused'] as const
type Exit = (typeof EXITS)[number]

interface Owed {
  readonly change: AnyNode
  /** The syntax of an exit that can be reached with no flag; the function whose end it is, or its return. */
  readonly exit: AnyNode | undefined
}

/** Solves the flow; each changing expression once. */
export function owedChanges(flow: Flow): Owed[] {
  const { nodes } = flow
  const open = openWays(flow)
  const owing = owingFunctions(flow, open)

  // Whether an exit of the method can be reached from a node with no flag on the way, and which.
  const owed = (id: number): number | undefined => {
    const fn = nodes[id]!.fn
    for (const exit of EXITS) {
      const outside = owing[exit].get(fn)
      const inside = open[exit][id]!
      if (inside !== NO && outside !== undefined) return outside === OWN ? inside : outside
    }
    return undefined
  }
  const stored = afterStores(flow)
  const found = new Map<AnyNode, Owed>()
  nodes.forEach((node, id) => {
    if (node.kind !== 'change' || !node.at || found.has(node.at)) return
    if (node.late && !stored(id)) return
    for (const next of waysFrom(node)) {
      const exit = owed(next)
      if (exit === undefined) continue
      found.set(node.at, { change: node.at, exit: nodes[exit]?.at })
      return
    }
  })
  return [...found.values()]
}

const NO = -1
const OWN = -2

/**
 * For each node and kind of exit: NO, or the node through which its own function can be left that way with no flag
 * on the way (the last node before the exit, which knows its line).
 */
type Open = Readonly<Record<Exit, Int32Array>>

function openWays({ nodes, functions }: Flow): Open {
  const open = {
    end: new Int32Array(nodes.length).fill(NO),
    thrown: new Int32Array(nodes.length).fill(NO),
    paused: new Int32Array(nodes.length).fill(NO),
  }
  const before: number[][] = nodes.map(() => [])
  const callers: number[][] = functions.map(() => [])
  nodes.forEach((node, id) => {
    for (const next of node.next) before[next]!.push(id)
    if (node.raise !== undefined) before[node.raise]!.push(id)
    if (node.callee !== undefined) callers[node.callee]!.push(id)
  })
  const work: number[] = []
  const set = (exit: Exit, id: number, through: number): void => {
    if (open[exit][id] !== NO || nodes[id]!.kind === 'flag') return
    open[exit][id] = through
    work.push(id)
  }
  // What holds after a node holds before it, when control can pass the node with no flag.
  const update = (id: number): void => {
    const node = nodes[id]!
    const callee = node.callee === undefined ? undefined : functions[node.callee]!
    const returns = !callee || open.end[callee.entry] !== NO
    const raises = node.raise !== undefined && (!callee || open.thrown[callee.entry] !== NO)
    for (const exit of EXITS) {
      if (returns) for (const next of node.next) if (open[exit][next] !== NO) set(exit, id, open[exit][next]!)
      if (raises && open[exit][node.raise!] !== NO) set(exit, id, open[exit][node.raise!]!)
    }
  }
  for (const fn of functions) {
    set('end', fn.end, fn.end)
    set('thrown', fn.thrown, fn.thrown)
    set('paused', fn.paused, fn.paused)
  }
  for (let id = work.pop(); id !== undefined; id = work.pop()) {
    for (const previous of before[id]!) {
      update(previous)
      if (nodes[previous]!.at && nodes[id]!.kind === 'end' && open.end[previous] === id)
        open.end[previous] = previous
    }
    const { fn } = nodes[id]!
    if (functions[fn]!.entry === id) for (const caller of callers[fn]!) update(caller)
  }
  return open
}

/**
 * The functions for which leaving them a certain way, with a change not yet flagged, can end at an exit of the
 * method; with the node of that exit (OWN: the exit is their own).
 */
function owingFunctions(flow: Flow, open: Open): Readonly<Record<Exit, ReadonlyMap<number, number>>> {
  const { nodes, functions } = flow
  const owing = {
    end: new Map([[0, OWN]]),
    thrown: new Map<number, number>(),
    paused: new Map<number, number>(),
  }
  for (const index of flow.unawaited) owing.thrown.set(index, OWN) // its exceptions end nothing but itself
  if (flow.unawaited.size > 0) for (let i = 1; i < functions.length; i++) owing.paused.set(i, OWN)
  const calls = nodes.filter((node) => node.callee !== undefined)
  const owed = (fn: number, id: number): number | undefined => {
    for (const exit of EXITS) {
      const outside = owing[exit].get(fn)
      const inside = open[exit][id]!
      if (outside !== undefined && inside !== NO) return outside === OWN ? inside : outside
    }
    return undefined
  }
  const mark = (exit: Exit, callee: number, through: number | undefined): boolean => {
    if (through === undefined || owing[exit].has(callee)) return false
    owing[exit].set(callee, through)
    return true
  }
  for (let changed = true; changed; ) {
    changed = false
    for (const node of calls) {
      const callee = node.callee!
      for (const next of node.next) if (mark('end', callee, owed(node.fn, next))) changed = true
      if (node.raise !== undefined && mark('thrown', callee, owed(node.fn, node.raise))) changed = true
    }
  }
  return owing
}

// A forward search from the points where local containers become parts of the state. What happens in other functions
// is taken to happen after them.
function afterStores({ nodes }: Flow): (id: number) => boolean {
  const after = new Uint8Array(nodes.length)
  const work = nodes.flatMap((node, id) => (node.store ? [id] : []))
  const home = new Set(work.map((id) => nodes[id]!.fn))
  for (let id = work.pop(); id !== undefined; id = work.pop())
    for (const next of waysFrom(nodes[id]!))
      if (!after[next]) {
        after[next] = 1
        work.push(next)
      }
  return (id) => after[id] === 1 || home.size > 1 || !home.has(nodes[id]!.fn)
}

const waysFrom = (node: FlowNode): readonly number[] =>
  node.raise === undefined ? node.next : [...node.next, node.raise]

function textOf(source: string, node: AnyNode): string {
  const text = source.slice(node.start, node.end).replace(/\s+/g, ' ')
  return text.length > 40 ? `${text.slice(0, 39)}…` : text
}
