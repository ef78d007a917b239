// `policy`: who decides on new methods of an object and of all that delegate to it (set on `traits`: of every object).
import type { PlainObject } from '../../src/base/value.ts'
import { POLICY_SLOT, policyOf } from '../../src/cognition/policy.ts'
import type { RequestFor } from '../../src/protocol/messages.ts'
import type { Session } from '../desk.ts'
import type { Kernel } from '../kernel.ts'
import { resolveTarget } from './send.ts'

/** What holds then: `{oid, policy, holder}`; the holder is the object that says so, `''` where none does. */
export async function policy(
  kernel: Kernel,
  { target_oid, options }: RequestFor<'policy'>,
  session: Session,
): Promise<PlainObject> {
  const { policy: wanted } = options
  const description = `policy ${target_oid === 0 ? 'root' : target_oid} ${wanted ?? ''}`.trim()
  const { value } = await kernel.image.transact(
    { user: session.user, description, meta: { kind: 'set' } },
    (transaction) => {
      const object = transaction.get(resolveTarget(transaction, target_oid).oid)
      if (wanted !== undefined) object.set(POLICY_SLOT, wanted)
      const found = policyOf(object)
      return { oid: object.oid, policy: found.policy, holder: found.holder?.oid ?? '' }
    },
  )
  return value
}
