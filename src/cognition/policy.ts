// Who decides on new methods of an object, and of all that delegate to it: the slot `_p_policy`, which generated code cannot
// reach. `auto` installs a method that passed; `propose` puts it in the inbox (proposals.ts); `off` has none written.
import { isPolicy, type Policy } from '../base/policy.ts'
import type { Obj } from '../image/object.ts'

export const POLICY_SLOT = '_p_policy'

/** The policy that an object has or inherits. */
export function policyOf(object: Obj): { readonly policy: Policy; readonly holder?: Obj } {
  const found = object.lookup(POLICY_SLOT)
  return found && isPolicy(found.value) ? { policy: found.value, holder: found.holder } : { policy: 'auto' }
}
