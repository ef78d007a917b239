// The messages that are being answered, and what the live line says of them. Pure but for the time that is handed in.
import type { ProgressAnswer } from '../protocol/messages.ts'
import { type Colours, printable } from './colour.ts'

export interface InFlight {
  readonly line: string
  readonly began: number
  readonly abort: AbortController
  cycle?: string
  state?: string
  persona?: string
  attempt: number
  /** What the model has written since the last state or draft. */
  text: string
}

export const inFlight = (line: string, began: number): InFlight => ({
  line,
  began,
  abort: new AbortController(),
  attempt: 0,
  text: '',
})

/** Takes what was told of a message into its record. */
export function follow(message: InFlight, told: ProgressAnswer): void {
  if (told.kind === 'accepted') message.cycle = told.cycle
  else if (told.kind === 'token') message.text = `${message.text}${told.text}`.slice(-2000)
  else if (told.event.kind === 'state') {
    message.state = told.event.to
    if (told.event.persona === undefined) delete message.persona
    else message.persona = told.event.persona
    message.text = ''
  } else if (told.event.kind === 'draft') {
    message.attempt = told.event.attempt
    message.text = ''
  } else if (told.event.kind === 'waiting') message.state = 'WAITING'
}

const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'

/** The live line: the message that was sent last, how many others there are, and the end of what is being written. */
export function liveText(
  messages: readonly InFlight[],
  now: number,
  { colours, columns }: { readonly colours: Colours; readonly columns: number },
): string | undefined {
  const message = messages.at(-1)
  if (message === undefined) return undefined
  const frame = FRAMES[Math.floor(now / 120) % FRAMES.length]!
  const others = messages.length > 1 ? ` +${messages.length - 1}` : ''
  const facts = [
    message.state ?? 'sent',
    message.persona,
    message.attempt > 0 ? `draft ${message.attempt}` : undefined,
    `${((now - message.began) / 1000).toFixed(1)} s`,
  ].filter((fact) => fact !== undefined)
  const head = `${frame}${others} ${shorten(message.line, 30)} · ${facts.join(' · ')}`
  const room = columns - head.length - 4
  const written = printable(message.text).replace(/\s+/g, ' ').trim()
  const tail =
    room < 8 || written === '' ? '' : ` · ${written.length > room ? `…${written.slice(1 - room)}` : written}`
  return colours.cyan(head) + colours.dim(tail)
}

export const shorten = (text: string, width: number): string => {
  const line = printable(text).trim()
  return line.length > width ? `${line.slice(0, width - 1)}…` : line
}
