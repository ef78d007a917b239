// The inbox of methods that wait for a word, and who decides on new methods. A proposal is named by its id, by the end or the
// beginning of it, or not at all while it is the only one.
import { readFile } from 'node:fs/promises'
import { BatError } from '../base/errors.ts'
import type { Policy } from '../base/policy.ts'
import { Method, type PlainObject, type Value } from '../base/value.ts'
import type { Client } from '../protocol/client.ts'
import type { RequestBody } from '../protocol/messages.ts'
import type { Colours } from './colour.ts'
import { methodText, selectorText, tableText, timeText } from './rendering.ts'
import { targetOf } from './requests.ts'
import { type Outcome, type Task, withClient } from './task.ts'
import { listOf, mapOf, textOf } from './value-map.ts'

export const proposalActions = ['list', 'show', 'apply', 'reject', 'quarantine'] as const
export type ProposalAction = (typeof proposalActions)[number]

export async function proposals(
  task: Task,
  action: ProposalAction,
  id: string | undefined,
  { source: file }: { readonly source?: string } = {},
): Promise<Outcome> {
  const source = file === undefined ? undefined : await textOfFile(file)
  return withClient(task, (client) => decide(client, { action, id, source }, task.colours))
}

/** Carries out one action on the inbox; throws E_NO_PROPOSAL, E_USAGE for a name that fits several. */
export async function decide(
  client: Client,
  wish: {
    readonly action: ProposalAction
    readonly id?: string | undefined
    readonly source?: string | undefined
  },
  colours: Colours,
): Promise<Outcome> {
  const { action, id, source } = wish
  const all = listOf(await client.request({ command: 'proposals', options: { action: 'list' } })).map(mapOf)
  if (action === 'list') return { value: all.map(plainOf), text: inboxText(all, colours) }
  const chosen = choose(all, id)
  if (action === 'show') return { value: plainOf(chosen), text: proposalText(chosen, colours) }
  const proposal = textOf(chosen.proposal)!
  const options = { action, proposal, ...(source === undefined ? {} : { source }) }
  const value = await client.request({ command: 'proposals', options })
  return { value, text: doneText(mapOf(value)) }
}

function choose(all: readonly PlainObject[], id = ''): PlainObject {
  const fits = all.filter((one) => {
    const name = textOf(one.proposal) ?? ''
    return id === '' ? one.quarantined !== true : name.startsWith(id) || name.endsWith(id)
  })
  const [only] = fits
  if (only !== undefined && fits.length === 1) return only
  if (fits.length === 0) throw new BatError('E_NO_PROPOSAL', { id: id || 'waits' })
  throw new BatError('E_USAGE', {
    problem: `${fits.length} proposals ${id === '' ? 'wait' : `fit ${id}`}`,
    hint: `say which: ${fits.map((one) => textOf(one.proposal)!.slice(-6)).join(', ')}`,
  })
}

const messageOf = ({ receiver, selector }: PlainObject): string =>
  `${textOf(receiver) ?? ''} ${selectorText(textOf(selector) ?? '')}`

function inboxText(all: readonly PlainObject[], colours: Colours): string {
  if (all.length === 0) return 'no proposal waits'
  const rows = all.map((one) => ({
    proposal: (textOf(one.proposal) ?? '').slice(-6),
    message: messageOf(one),
    purpose: one.method instanceof Method ? (one.method.provenance.purpose ?? '') : '',
    for: textOf(one.user) ?? '',
    when: one.time instanceof Date ? timeText(one.time.getTime()) : '',
    state: one.quarantined === true ? 'quarantined' : 'waits',
  }))
  return tableText(rows, ['proposal', 'message', 'purpose', 'for', 'when', 'state'], colours)
}

function proposalText(one: PlainObject, colours: Colours): string {
  if (!(one.method instanceof Method)) return messageOf(one)
  return methodText(
    one.method,
    { selector: textOf(one.selector) ?? '', holder: textOf(one.receiver) ?? '' },
    colours,
  )
}

const done: Readonly<Record<string, string>> = {
  apply: 'is installed; send the message again',
  reject: 'is rejected',
  quarantine: 'is in quarantine: kept, and not offered any more',
}
const doneText = (value: PlainObject): string =>
  `${messageOf(value)} ${done[textOf(value.done) ?? ''] ?? textOf(value.done) ?? ''}`

/** As JSON a method is its text and where it comes from. */
function plainOf({ method, ...rest }: PlainObject): PlainObject {
  if (!(method instanceof Method)) return rest
  return { ...rest, source: method.source, provenance: { ...method.provenance } as unknown as Value }
}

async function textOfFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new BatError('E_FILE', { file, reason: (cause as Error).message }, { cause })
  }
}

export async function policy(task: Task, target = 'traits', wanted?: Policy): Promise<Outcome> {
  return withClient(task, (client) => askPolicy(client, target, wanted))
}

/** What the policy of an object is, after it was set where `wanted` says so. */
export async function askPolicy(client: Client, target: string, wanted?: Policy): Promise<Outcome> {
  const options = wanted === undefined ? {} : { policy: wanted }
  const body: RequestBody = { command: 'policy', target_oid: targetOf(target), options }
  const value = await client.request(body)
  const { oid, policy: held, holder } = mapOf(value)
  const from =
    holder === '' ? ' (nobody has said otherwise)' : holder === oid ? '' : ` (from ${textOf(holder)})`
  return { value, text: `${target}: ${policyTexts[textOf(held) ?? ''] ?? textOf(held)}${from}` }
}

const policyTexts: Readonly<Record<string, string>> = {
  auto: 'auto, new methods are installed when they pass',
  propose: 'propose, new methods wait in `batos proposals`',
  off: 'off, no methods are written',
}
