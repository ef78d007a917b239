// From what a person typed to what the kernel is asked: the pure half of every command.

import { BatError } from '../base/errors.ts'
import { isOid } from '../base/ids.ts'
import { Name, parseMessage, type Receiver, type Statement } from '../base/notation.ts'
import type { RequestBody } from '../protocol/messages.ts'

export type SendBody = Extract<RequestBody, { command: 'send' }>
type Options = SendBody['options']

/** The request for one line of the notation. Throws E_SYNTAX. */
export const bodyOfLine = (line: string, options: Options = {}): SendBody =>
  bodyOf(parseMessage(line), options)

export function bodyOf(statement: Statement, options: Options = {}): SendBody {
  const target_oid = addressOf(statement.receiver)
  switch (statement.kind) {
    case 'get_slot':
      return {
        command: 'send',
        target_oid,
        mission_brief: { type: 'get_slot', selector: statement.slot },
        options,
      }
    case 'set_slot': {
      const { slot, value } = statement
      return {
        command: 'send',
        target_oid,
        mission_brief: { type: 'set_slot', selector: slot, args: [value] },
        options,
      }
    }
    case 'message': {
      const kwargs = {
        ...(statement.expected === undefined ? {} : { expected: statement.expected, has_expected: true }),
        ...(statement.intent === undefined ? {} : { intent: statement.intent }),
        ...(statement.insist ? { insist: true } : {}),
      }
      const { selector, args } = statement
      return {
        command: 'send',
        target_oid,
        mission_brief: { type: 'message', selector, args: [...args], kwargs },
        options,
      }
    }
  }
}

const addressOf = (receiver: Receiver): string => (receiver instanceof Name ? receiver.name : receiver.oid)

/** A target as typed after a command: the name of a root object, `obj:12`, or `0` for the root. Throws E_USAGE. */
export function targetOf(text: string): string | 0 {
  if (text === '0') return 0
  if (isOid(text) || /^[A-Za-z_][A-Za-z0-9_]*\*?$/.test(text)) return text
  throw new BatError('E_USAGE', {
    problem: `\`${text}\` names no object`,
    hint: 'an object is named by a root name (genesis), an oid (obj:12) or 0 for the root',
  })
}

/** `genesis.double_`, `genesis.double:` or `obj:12.move:to:` → target and selector. Throws E_USAGE. */
export function placeOf(text: string): { target: string | 0; selector: string } {
  const dot = text.indexOf('.')
  const selector = text.slice(dot + 1).replaceAll(':', '_')
  if (dot < 1 || !/^[A-Za-z_][A-Za-z0-9_]*\*?$/.test(selector))
    throw new BatError('E_USAGE', {
      problem: `\`${text}\` names no method or slot`,
      hint: 'write OBJECT.SELECTOR, for example genesis.double_; inspect shows all that an object has',
    })
  return { target: targetOf(text.slice(0, dot)), selector }
}

/** The same message with the selector that was suggested (`greet_` or `greet:`); other requests as they are. */
export function suggested(body: SendBody, suggestion: string): SendBody {
  const brief = body.mission_brief
  if (brief.type !== 'message') return body
  return { ...body, mission_brief: { ...brief, selector: suggestion.replaceAll(':', '_') } }
}

/** The same message, insisting on a method of its own. */
export const insisting = (body: SendBody): SendBody => withWish(body, { insist: true })

/** The same message; a new method for it waits for the user's word. */
export const approving = (body: SendBody): SendBody => withWish(body, { approve: true })

function withWish(body: SendBody, wish: { readonly insist: true } | { readonly approve: true }): SendBody {
  const brief = body.mission_brief
  if (brief.type !== 'message') return body
  return { ...body, mission_brief: { ...brief, kwargs: { ...brief.kwargs, ...wish } } }
}
