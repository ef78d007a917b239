// `feedback`: a user's verdict on a cycle. One that waits for it goes on. With one that ended it is kept; a method that was found good is no longer provisional, one
// that was found bad is taken out of its slot (history keeps it), so that the next such message is written anew.
import { BatError } from '../../src/base/errors.ts'
import { Method, Ref, type TreeRef, type Value } from '../../src/base/value.ts'
import type { RequestFor } from '../../src/protocol/messages.ts'
import type { Session } from '../desk.ts'
import type { Kernel } from '../kernel.ts'

export async function judge(
  kernel: Kernel,
  options: RequestFor<'feedback'>['options'],
  session: Session,
): Promise<Value> {
  const { cycle: id, verdict, comment = '' } = options
  if (kernel.approvals.answer(id, { verdict, comment })) return { cycle: id, verdict, method: 'proposed' }
  const { value } = await kernel.image.transact(
    { user: session.user, description: `feedback ${verdict}`, meta: { kind: 'feedback', cycle: id } },
    (transaction) => {
      const cycles = transaction.tree(transaction.get(kernel.world.cycles).get('by_id') as TreeRef)
      const ref = cycles.get(id)
      if (!(ref instanceof Ref)) throw new BatError('E_NO_CYCLE', { id })
      const cycle = transaction.get(ref.oid)
      cycle.set('feedback', { verdict, comment, user: session.user })
      const { target, selector } = cycle.get('mission_brief') as unknown as { target: Ref; selector: string }
      const object = transaction.get(target.oid)
      const method = object.get(selector)
      if (!(method instanceof Method) || method.provenance.cycle !== id) return ''
      if (verdict === 'good') {
        object.set(selector, method.inState('active'))
        return 'active'
      }
      object.delete(selector)
      return 'archived'
    },
  )
  return { cycle: id, verdict, method: value }
}
