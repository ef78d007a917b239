// Methods keep the messages they were written for as witnesses. When something that a method depends on changes (a method or
// a parent of its object or of one above it, or the vessel itself), its witnesses are run again, beside everything else. One
// that fails makes the method stale: an earlier text that still passes serves meanwhile, and a mission writes it anew.
import { numberOf, type Oid, type Tid, tidOf } from '../src/base/ids.ts'
import type { Logger } from '../src/base/log.ts'
import type { Stop } from '../src/base/teardown.ts'
import { takeTurns } from '../src/base/turns.ts'
import { Method, type MethodState, Primitive, Ref, type TreeRef } from '../src/base/value.ts'
import { tryMethod } from '../src/cognition/trial.ts'
import type { TransactionRecord } from '../src/image/history.ts'
import type { Obj } from '../src/image/object.ts'
import type { Kernel } from './kernel.ts'
import { holdersOf } from './protocol-of.ts'

/** What sending a message does not change: code and parents (a promotion tries by itself what it moves). */
const SENDS = new Set<unknown>(['send', 'accept', 'outcome'])

interface Written {
  /** The object that the method was written for. */
  readonly object: Obj
  /** The one that has it: another where it was promoted. */
  readonly holder: Obj
  readonly selector: string
  readonly method: Method
}

/** Watches the commits and runs witnesses again where they are concerned; answers its stop. */
export function watchWitnesses(kernel: Kernel, log: Logger): Stop {
  const { image } = kernel
  const changed: Tid[] = []
  let stopped = false
  let last: Promise<void> = Promise.resolve()
  const begin = (work: () => Promise<void>) => {
    last = last.then(work).catch((failure) => log.warn({ err: failure }, 'witnesses'))
  }
  const recheckAll = async () => {
    const orchestrator = (image.now().root.get('orchestrator') as Ref).oid
    if (image.now().get(orchestrator).lookup('vessel')?.value === kernel.build) return
    await recheck(
      kernel,
      () => true,
      () => stopped,
    )
    if (stopped) return
    const description = `vessel ${kernel.build}`
    await image.transact({ user: 'kernel', description, meta: { kind: 'upkeep' } }, (transaction) => {
      transaction.get(orchestrator).set('vessel', kernel.build)
    })
  }
  const recheckChanged = async () => {
    const touched = codeChangedBy(kernel, changed.splice(0))
    if (touched.size > 0)
      await recheck(
        kernel,
        (written) => dependsOn(written, touched),
        () => stopped,
      )
  }
  const forget = image.onCommit((record: TransactionRecord) => {
    if (SENDS.has(record.meta.kind) || record.changed.length + record.gone.length === 0) return
    if (changed.push(record.tid) === 1) begin(recheckChanged)
  })
  begin(recheckAll)
  return async () => {
    stopped = true
    forget()
    await last
  }
}

/** The objects whose methods, primitives or parents these transactions changed, with the names of those slots. */
function codeChangedBy(
  { image }: Kernel,
  transactions: readonly Tid[],
): ReadonlyMap<Oid, ReadonlySet<string>> {
  const touched = new Map<Oid, Set<string>>()
  for (const tid of transactions) {
    const { changed = [] } = image.transaction(tid) ?? {}
    for (const oid of changed) {
      for (const { slot, before, after } of image.diff(oid, tidOf(numberOf(tid) - 1), tid)) {
        const code = [before, after].some((value) => value instanceof Method || value instanceof Primitive)
        if (code || slot.endsWith('*')) touched.set(oid, (touched.get(oid) ?? new Set()).add(slot))
      }
    }
  }
  return touched
}

/** A method that was itself what changed has just been tried. */
function dependsOn(
  { object, holder, selector }: Written,
  touched: ReadonlyMap<Oid, ReadonlySet<string>>,
): boolean {
  return holdersOf(object).some(({ oid }) => {
    const slots = touched.get(oid)
    return slots !== undefined && !(oid === holder.oid && slots.size === 1 && slots.has(selector))
  })
}

async function recheck(
  kernel: Kernel,
  concerned: (written: Written) => boolean,
  stopped: () => boolean,
): Promise<void> {
  for await (const written of allWritten(kernel)) {
    if (stopped()) return
    if (!concerned(written)) continue
    const { object, selector, method } = written
    const state = method.provenance.state
    if (await passes(kernel, object.oid, selector, method)) {
      if (state === 'stale') await install(kernel, written, method, 'provisional')
    } else if (state !== 'stale') await goStale(kernel, written)
  }
}

/** The methods that cycles have written and that are still in their slots. */
async function* allWritten({ image, world }: Kernel): AsyncGenerator<Written, void, undefined> {
  const seen = new Set<string>()
  const turn = takeTurns()
  const cycles = image.now().tree(image.now().get(world.cycles).get('by_id') as TreeRef)
  for (const [, ref] of cycles.entries()) {
    await turn()
    const now = image.now()
    if (!(ref instanceof Ref) || !now.has(ref.oid)) continue
    const { target, selector } = now.get(ref.oid).get('mission_brief') as unknown as {
      target: Ref
      selector: string
    }
    const key = `${target.oid}.${selector}`
    if (seen.has(key) || !now.has(target.oid)) continue
    seen.add(key)
    const object = now.get(target.oid)
    const { holder, value: method } = object.lookup(selector) ?? {}
    if (holder && method instanceof Method && method.provenance.witnesses.length > 0)
      yield { object, holder, selector, method }
  }
}

async function passes(
  { image, invoke }: Kernel,
  oid: Oid,
  selector: string,
  method: Method,
): Promise<boolean> {
  const transaction = image.begin({ user: 'kernel' })
  try {
    const target = transaction.get(oid)
    const setting = { transaction, invoke, target, selector }
    return (await tryMethod(method, method.provenance.witnesses, setting)) === undefined
  } finally {
    transaction.abort()
  }
}

async function goStale(kernel: Kernel, written: Written): Promise<void> {
  const { object, selector, method } = written
  const { witnesses, intent = '', user } = method.provenance
  await install(kernel, written, (await earlierThatPasses(kernel, written)) ?? method, 'stale')
  const [witness] = witnesses
  await kernel.missions.accept({
    type: 'stale_method',
    target: object.oid,
    receiver: kernel.image.now().nameOf(object.oid),
    selector,
    args: witness!.args,
    expected: witness!.expected === undefined ? [] : [witness!.expected],
    intent,
    approve: false,
    user,
    request: '',
    parent: '',
  })
}

/** The newest earlier text of the slot that the witnesses of the present one pass. */
async function earlierThatPasses(
  kernel: Kernel,
  { object, holder, selector, method }: Written,
): Promise<Method | undefined> {
  const { witnesses } = method.provenance
  const seen = new Set([method.hash])
  for (const { slots } of kernel.image.history(holder.oid)) {
    const earlier = slots?.get(selector)
    if (!(earlier instanceof Method) || seen.has(earlier.hash)) continue
    seen.add(earlier.hash)
    const again = new Method({ source: earlier.source, provenance: { ...earlier.provenance, witnesses } })
    if (await passes(kernel, object.oid, selector, again)) return again
  }
  return undefined
}

/** Puts `method` into the slot with this state, unless something else stands there by now. */
async function install(kernel: Kernel, written: Written, method: Method, state: MethodState): Promise<void> {
  const { holder, selector } = written
  const description = `${selector} of ${holder.oid} is ${state}`
  await kernel.image.transact({ user: 'kernel', description, meta: { kind: 'upkeep' } }, (transaction) => {
    const object = transaction.get(holder.oid)
    const there = object.get(selector)
    if (there instanceof Method && there.hash === written.method.hash)
      object.set(selector, method.inState(state))
  })
}
