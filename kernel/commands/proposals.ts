// `proposals`: the inbox of methods that wait for a user's word, and that word: apply (as it is, or with a text of the
// user's own), reject, quarantine (kept to be looked at, not offered any more).
import { BatError } from '../../src/base/errors.ts'
import { Method, type Value } from '../../src/base/value.ts'
import {
  dropProposal,
  hashAt,
  type Proposal,
  proposalOf,
  proposalsOf,
  putProposal,
} from '../../src/cognition/proposals.ts'
import { tryMethod } from '../../src/cognition/trial.ts'
import { auditMethod } from '../../src/guardian/audit.ts'
import type { Transaction } from '../../src/image/transaction.ts'
import type { RequestFor } from '../../src/protocol/messages.ts'
import type { Session } from '../desk.ts'
import type { Kernel } from '../kernel.ts'

type Options = RequestFor<'proposals'>['options']

/**
 * `list` answers `[{proposal, receiver, selector, method, user, time, quarantined}]`, the others
 * `{proposal, receiver, selector, done}`. Throws E_NO_PROPOSAL, E_PROPOSAL_STALE, E_PROPOSAL_REFUSED.
 */
export async function proposals(kernel: Kernel, options: Options, session: Session): Promise<Value> {
  const { action, proposal: id = '' } = options
  if (action === 'list') return list(kernel)
  const { value } = await kernel.image.transact(
    { user: session.user, description: `${action} proposal ${id}`, meta: { kind: action, cycle: id } },
    async (transaction) => {
      const { missions } = kernel.world
      const proposal = proposalOf(transaction, missions, id)
      if (!proposal) throw new BatError('E_NO_PROPOSAL', { id })
      if (action === 'quarantine') putProposal(transaction, missions, { ...proposal, quarantined: true })
      else dropProposal(transaction, missions, id)
      if (action === 'apply') await apply(kernel, transaction, proposal, options.source)
      return { proposal: id, receiver: proposal.receiver, selector: proposal.selector, done: action }
    },
  )
  return value
}

function list(kernel: Kernel): Value {
  return proposalsOf(kernel.image.now(), kernel.world.missions).map(
    ({ id, receiver, selector, method, user, time, quarantined }) => ({
      proposal: id,
      receiver,
      selector,
      method,
      user,
      time: new Date(time),
      quarantined,
    }),
  )
}

async function apply(
  kernel: Kernel,
  transaction: Transaction,
  proposal: Proposal,
  source: string | undefined,
): Promise<void> {
  const { id, receiver, selector, before } = proposal
  const target = transaction.get(proposal.target)
  if (hashAt(target, selector) !== before)
    throw new BatError('E_PROPOSAL_STALE', { id, receiver, selector, reason: 'its slot has changed since' })
  const method = source === undefined ? proposal.method : changed(proposal, source)
  const { witnesses } = method.provenance
  const fault = await tryMethod(method, witnesses, { transaction, invoke: kernel.invoke, target, selector })
  if (fault) throw new BatError('E_PROPOSAL_STALE', { id, receiver, selector, reason: fault.message })
  target.set(selector, method)
}

/** The method with the user's text in its place. */
function changed({ id, selector, method }: Proposal, source: string): Method {
  const arity = method.provenance.witnesses[0]?.args.length ?? 0
  const { ok, violations } = auditMethod(source, { name: selector, arity })
  const [first] = violations
  if (!ok && first)
    throw new BatError('E_PROPOSAL_REFUSED', {
      id,
      reason: `${first.code} ${first.line}:${first.column} ${first.message}`,
    })
  return new Method({ source, provenance: { ...method.provenance, author: 'user' } })
}
