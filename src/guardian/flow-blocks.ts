// The flow of blocks that can be left early: loops, switches and labelled statements, which `break` and `continue` leave;
// functions, which `return` does; `try`, which an exception does. What is left is told by the frames of the context, the
// innermost last: a jump goes through them outwards to the one that it means.
//
// What a `finally` block guards gets a copy of the block for each way of leaving it. Any condition may go either way, but
// `while (true)` ends by `break` only.
import { NOWHERE } from './flow.ts'
import type { Context, Frame, Walk } from './flow-walk.ts'
import type { AnyNode, TryStatement } from './parse.ts'

export interface BlocksInput extends Walk {
  /** The function that stands for what nobody waits for: it runs when the method ends. */
  readonly later: number
  readonly assignTo: (from: number, pattern: AnyNode, c: Context) => number
}

export interface Blocks {
  /** Follows a loop, a switch, or whatever statement has labels. */
  labelled(from: number, node: AnyNode, labels: readonly string[], c: Context): number
  tryOf(from: number, node: TryStatement, c: Context): number
  /** Leaves by a statement: the frames inside what is meant are left on the way. */
  jump(from: number, jump: Jump, c: Context): void
  /** Leaves the function normally; `at` is what does. */
  leave(from: number, c: Context, at: AnyNode): void
}

interface Jump {
  readonly kind: 'break' | 'continue' | 'return'
  readonly label?: string | undefined
  readonly at: AnyNode
}

interface Loop {
  readonly labels: readonly string[]
  readonly test?: AnyNode | null | undefined
  readonly update?: AnyNode | null | undefined
  readonly body: AnyNode
  /** The body comes before the test. */
  readonly bodyFirst?: boolean
  /** An iteration: each round takes a value into this. */
  readonly each?: AnyNode
}

export function blocksOf({ graph, later, visit, visitAll, mayRaise, assignTo }: BlocksInput): Blocks {
  const labelled = (from: number, node: AnyNode, labels: readonly string[], c: Context): number => {
    switch (node.type) {
      case 'LabeledStatement':
        return labelled(from, node.body, [...labels, node.label.name], c)
      case 'WhileStatement':
        return loop(from, { labels, test: node.test, body: node.body }, c)
      case 'DoWhileStatement':
        return loop(from, { labels, test: node.test, body: node.body, bodyFirst: true }, c)
      case 'ForStatement': {
        const { init, test, update, body } = node
        return loop(visitAll(from, [init], c), { labels, test, update, body }, c)
      }
      case 'ForInStatement':
      case 'ForOfStatement':
        return loop(mayRaise(visit(from, node.right, c), c), { labels, each: node.left, body: node.body }, c)
      default: {
        const breaks: number[] = []
        const frame: Frame = { kind: 'target', labels, breakable: node.type === 'SwitchStatement', breaks }
        const inner = { ...c, frames: [...c.frames, frame] }
        const end = node.type === 'SwitchStatement' ? switchOf(from, node, inner) : visit(from, node, inner)
        return graph.merge(c.fn.index, end, ...breaks)
      }
    }
  }

  const loop = (from: number, { labels, test, update, body, bodyFirst, each }: Loop, c: Context): number => {
    const { index } = c.fn
    const head = graph.emit(from, { kind: 'step', fn: index })
    if (head === NOWHERE) return NOWHERE
    const again = graph.add({ kind: 'step', fn: index })
    const breaks: number[] = []
    const inner: Context = {
      ...c,
      frames: [...c.frames, { kind: 'target', labels, breakable: true, breaks, again }],
    }
    const tested = (point: number) => (each ? mayRaise(point, c) : visitAll(point, [test], c))
    const endless = !each && isAlways(test)
    const begin = bodyFirst ? head : tested(head)
    const entered = each ? assignTo(begin, each, c) : begin
    graph.link(visit(entered, body, inner), again)
    const next = bodyFirst ? tested(again) : visitAll(again, [update], c)
    graph.link(next, head)
    return graph.merge(index, ...breaks, endless ? NOWHERE : bodyFirst ? next : begin)
  }

  const switchOf = (
    from: number,
    node: Extract<AnyNode, { type: 'SwitchStatement' }>,
    c: Context,
  ): number => {
    let testing = visit(from, node.discriminant, c)
    const entries = node.cases.map((branch) => {
      if (branch.test) testing = visit(testing, branch.test, c)
      return testing
    })
    let running = NOWHERE
    node.cases.forEach((branch, i) => {
      running = graph.merge(c.fn.index, running, branch.test ? entries[i]! : testing)
      running = visitAll(running, branch.consequent, c)
    })
    const hasDefault = node.cases.some((branch) => !branch.test)
    return graph.merge(c.fn.index, running, hasDefault ? NOWHERE : testing)
  }

  const tryOf = (from: number, node: TryStatement, c: Context): number => {
    const { index } = c.fn
    const start = graph.emit(from, { kind: 'step', fn: index })
    if (start === NOWHERE) return NOWHERE
    let guarded = c
    const { finalizer, handler } = node
    if (finalizer) {
      const raised = graph.emit(start, { kind: 'step', fn: index })
      graph.link(visit(raised, finalizer, c), c.raise)
      guarded = {
        ...c,
        raise: raised,
        frames: [...c.frames, { kind: 'finally', block: finalizer, outer: c, copies: new Map() }],
      }
    }
    let caught = NOWHERE
    let end: number
    if (handler) {
      const raised = graph.emit(start, { kind: 'step', fn: index })
      end = visit(start, node.block, { ...guarded, raise: raised })
      const bound = handler.param ? assignTo(raised, handler.param, guarded) : raised
      caught = visit(bound, handler.body, guarded)
    } else end = visit(start, node.block, guarded)
    const done = graph.merge(index, end, caught)
    return finalizer ? visit(done, finalizer, c) : done
  }

  const jump = (from: number, { kind, label, at }: Jump, c: Context): void => {
    let point = from
    for (let i = c.frames.length - 1; i >= 0 && point !== NOWHERE; i--) {
      const frame = c.frames[i]!
      if (frame.kind === 'finally') {
        const key = `${kind} ${label ?? ''}`
        const copy = frame.copies.get(key)
        if (copy !== undefined) {
          graph.link(point, copy)
          return
        }
        point = graph.emit(point, { kind: 'step', fn: c.fn.index })
        if (point !== NOWHERE) frame.copies.set(key, point)
        point = visit(point, frame.block, frame.outer)
        continue
      }
      if (kind === 'return') continue
      const named =
        label === undefined
          ? kind === 'break'
            ? frame.breakable
            : frame.again !== undefined
          : frame.labels.includes(label)
      if (!named) continue
      if (kind === 'break') frame.breaks.push(point)
      else graph.link(point, frame.again ?? NOWHERE)
      return
    }
    if (kind === 'return') leave(point, c, at)
  }
  const leave = (from: number, c: Context, at: AnyNode): void => {
    const done =
      c.fn.index === 0 ? graph.emit(from, { kind: 'call', fn: 0, callee: later, raise: c.raise }) : from
    const exit = graph.emit(done, { kind: 'step', fn: c.fn.index, at })
    graph.link(exit, graph.functions[c.fn.index]!.end)
  }

  return { labelled, tryOf, jump, leave }
}

const isAlways = (test: AnyNode | null | undefined): boolean =>
  !test || (test.type === 'Literal' && (test.value === true || test.value === 1))
