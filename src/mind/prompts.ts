// Prompt templates: Markdown files with a header, written for two kinds of model. The compact profile speaks the short
// language that the seed mind was trained in, the full one explains everything to a model that follows instructions.
//
//   ---
//   name: method
//   version: 1
//   persona: BRICK
//   inputs: receiver slots message
//   schema: javascript
//   ---
//   # compact            a profile, up to the next line `# …`
//   ## system            the text of a role, up to the next line `## …`; the assistant's is the start of the answer
//   {{receiver}}
//
// `{{name}}` stands for an input, which may have several lines. A line with placeholders that are all empty disappears.
// Blank lines around a role's text do not count. The assistant's text keeps its closing newline if the input ends in one.
import { z } from 'zod'
import { BatError } from '../base/errors.ts'
import type { ChatMessage } from './llama-chat.ts'

export type Profile = 'compact' | 'full'

export interface Template {
  readonly name: string
  readonly version: number
  readonly persona: string
  readonly inputs: readonly string[]
  readonly schema: 'javascript' | 'plan' | 'line' | 'json'
  readonly profiles: Readonly<Record<Profile, readonly ChatMessage[]>>
}

/** A template with its inputs filled in: the conversation so far, and the start of the answer. */
export interface Rendered {
  readonly messages: readonly ChatMessage[]
  readonly prefill: string
}

const header = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]*$/),
  version: z.coerce.number().int().min(1),
  persona: z.string().regex(/^([A-Z]+|any)$/),
  inputs: z.string().transform((text) => text.split(/\s+/)),
  schema: z.enum(['javascript', 'plan', 'line', 'json']),
})

/** Reads a template; E_TEMPLATE names the file and what is wrong with it. */
export function parseTemplate(text: string, file = 'template'): Template {
  const refuse = (problem: string): never => {
    throw new BatError('E_TEMPLATE', { file, problem })
  }
  const found =
    /^---\r?\n([\s\S]*?)\r?\n---\r?\n([\s\S]*)$/.exec(text) ??
    refuse('it does not begin with a header between two lines ---')
  const fields = found[1]!
    .split(/\r?\n/)
    .map((line) => /^(\w+):\s*(.*)$/.exec(line) ?? refuse(`not a line of a header: ${line}`))
  const head = header.safeParse(Object.fromEntries(fields.map(([, key, value]) => [key, value])))
  if (!head.success)
    return refuse(`${head.error.issues[0]?.path.join('.')}: ${head.error.issues[0]?.message}`)
  const profiles = {
    compact: conversation(found[2]!, 'compact', refuse),
    full: conversation(found[2]!, 'full', refuse),
  }
  for (const message of [...profiles.compact, ...profiles.full]) {
    for (const [, name] of message.content.matchAll(PLACEHOLDER)) {
      if (!head.data.inputs.includes(name!)) refuse(`{{${name}}} is none of its inputs`)
    }
  }
  return { ...head.data, profiles }
}

const PLACEHOLDER = /\{\{(\w+)\}\}/g
const ROLES = ['system', 'user', 'assistant'] as const

function conversation(
  body: string,
  profile: Profile,
  refuse: (problem: string) => never,
): readonly ChatMessage[] {
  const section = new RegExp(`^# ${profile}\\s*$([\\s\\S]*?)(?=^# |(?![\\s\\S]))`, 'm').exec(body)
  if (!section) return refuse(`it has no section # ${profile}`)
  const messages = section[1]!
    .split(/^## /m)
    .slice(1)
    .map((part) => {
      const [name, ...lines] = part.split('\n')
      const role = ROLES.find((known) => known === name!.trim()) ?? refuse(`## ${name} is no role`)
      return { role, content: lines.join('\n').trim() }
    })
  if (messages[0]?.role !== 'system' || messages[1]?.role !== 'user')
    refuse(`# ${profile} must begin with ## system and ## user`)
  return messages
}

/** Fills a template in. E_TEMPLATE when an input that it uses is not given. */
export function render(
  template: Template,
  profile: Profile,
  inputs: Readonly<Record<string, string>>,
): Rendered {
  const filled = template.profiles[profile].map(({ role, content }) => ({
    role,
    content: fill(template, content, inputs),
  }))
  const prefill = filled.find(({ role }) => role === 'assistant')?.content ?? ''
  return { messages: filled.filter(({ role }) => role !== 'assistant'), prefill }
}

function fill(template: Template, content: string, inputs: Readonly<Record<string, string>>): string {
  const lines: string[] = []
  for (const line of content.split('\n')) {
    const names = [...line.matchAll(PLACEHOLDER)].map(([, name]) => name!)
    const values = names.map((name) => {
      const value = inputs[name]
      if (value === undefined)
        throw new BatError('E_TEMPLATE', { file: template.name, problem: `the input ${name} is not given` })
      return value
    })
    if (names.length > 0 && values.every((value) => value === '')) continue
    lines.push(line.replace(PLACEHOLDER, (_, name: string) => inputs[name]!))
  }
  return lines.join('\n')
}
