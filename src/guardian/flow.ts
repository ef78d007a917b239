// The control flow of a method and of the functions inside it, as one graph for each function.
//
//   step    something happens that the covenant does not care about
//   change  a part of the state is changed
//   flag    self._p_changed = true
//   call    a function of this method runs; `next` is where it returns to, `raise` where what it throws goes
//   end     the function is left: normally (end), by an exception (thrown), or for a while (paused, an `await`)
//
// Two functions exist that nobody wrote: ANY runs whatever has got out of sight, and is called wherever unknown code
// may run; LATER runs what nobody waits for, and is called when the method ends. Each runs its members in any order,
// any number of times, or not at all.
import type { AnyNode } from './parse.ts'

export type FlowKind = 'step' | 'change' | 'flag' | 'call' | 'end' | 'thrown' | 'paused'

export interface FlowNode {
  readonly kind: FlowKind
  readonly fn: number
  readonly next: number[]
  /** Where an exception of this node goes; absent where it can raise none. */
  readonly raise?: number
  /** Of a call. */
  readonly callee?: number
  /** The syntax it stands for; of a change the changed expression. */
  readonly at?: AnyNode
  /** A change that is one only if the value has been stored into the state before. */
  readonly late?: boolean
  /** A point where a local container becomes a part of the state. */
  readonly store?: boolean
}

export interface FlowFunction {
  readonly entry: number
  readonly end: number
  readonly thrown: number
  readonly paused: number
}

export interface Flow {
  readonly nodes: readonly FlowNode[]
  /** By the index of the function; ANY and LATER come last. The first is the method. */
  readonly functions: readonly FlowFunction[]
  /** Functions that the method does not wait for: parts of them may run at any time, and what they throw is lost. */
  readonly unawaited: ReadonlySet<number>
}

/** Nodes in a growing graph; a point is the number of a node, or NOWHERE when control cannot get there. */
export const NOWHERE = -1

export class FlowGraph {
  readonly nodes: FlowNode[] = []
  readonly functions: FlowFunction[] = []

  add(node: Omit<FlowNode, 'next'>): number {
    return this.nodes.push({ ...node, next: [] }) - 1
  }

  link(from: number, to: number): void {
    if (from !== NOWHERE && to !== NOWHERE) this.nodes[from]!.next.push(to)
  }

  /** A node after `from`, or nowhere. */
  emit(from: number, node: Omit<FlowNode, 'next'>): number {
    if (from === NOWHERE) return NOWHERE
    const id = this.add(node)
    this.link(from, id)
    return id
  }

  /** Where several ways come together. */
  merge(fn: number, ...points: readonly number[]): number {
    const live = points.filter((point) => point !== NOWHERE)
    if (live.length < 2) return live[0] ?? NOWHERE
    const id = this.add({ kind: 'step', fn })
    for (const point of live) this.link(point, id)
    return id
  }

  openFunction(index: number): FlowFunction {
    const fn: FlowFunction = {
      entry: this.add({ kind: 'step', fn: index }),
      end: this.add({ kind: 'end', fn: index }),
      thrown: this.add({ kind: 'thrown', fn: index }),
      paused: this.add({ kind: 'paused', fn: index }),
    }
    this.functions[index] = fn
    return fn
  }

  /** A function that runs `members` in any order, any number of times. */
  addUnknown(index: number, members: Iterable<number>): void {
    const fn = this.functions[index]!
    for (const callee of members) {
      const call = this.emit(fn.entry, { kind: 'call', fn: index, callee, raise: fn.thrown })
      this.link(call, fn.entry)
    }
    this.link(fn.entry, fn.end)
    this.link(fn.entry, fn.thrown)
  }
}
