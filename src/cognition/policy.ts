// Who decides on new methods of an object, and of all that delegate to it: the slot `_p_policy`, which generated code cannot
// reach. `auto` installs a method that passed; `propose` puts it in the inbox (proposals.ts); `off` has none written.
import type { Obj } from '../image/object.ts'

export const policies = ['auto', 'propose', 'off'] as const
export type Policy = (typeof policies)[number]

export const POLICY_SLOT = '_p_policy'

/** The policy that an object has or inherits. */
export function policyOf(object: Obj): { readonly policy: Policy; readonly holder?: Obj } {
  const found = object.lookup(POLICY_SLOT)
  const policy = policies.find((one) => one === found?.value)
  return found && policy ? { policy, holder: found.holder } : { policy: 'auto' }
}
