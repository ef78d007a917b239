// The events of a running cycle as text. `eventText` is for a person, in a block that may have several lines;
// `eventLine` is the short form for standard error in a batch, undefined where it would say nothing new.
import type { CycleEvent } from '../protocol/messages.ts'
import { type Colours, printable } from './colour.ts'
import { highlight } from './highlight.ts'
import { progressText } from './progress.ts'
import { asTyped } from './typed.ts'

type Violation = Extract<CycleEvent, { kind: 'verdict' }>['violations'][number]

/** The event for a person; undefined when the live line says it already. */
export function eventText(event: CycleEvent, colours: Colours): string | undefined {
  switch (event.kind) {
    case 'state':
    case 'plan':
    case 'proposal':
      return undefined
    case 'facet':
      return colours.dim(`${event.persona} ${event.facet}: ${printable(event.answer)}`)
    case 'draft':
      return (
        `${colours.dim(`draft ${event.attempt}`)}\n` +
        indent(highlight(printable(event.source.trimEnd()), colours))
      )
    case 'verdict':
      if (event.ok) return `${colours.green('✓')} ${colours.dim('guardian: nothing to object to')}`
      return [
        `${colours.red('✗')} guardian refused draft ${event.attempt}`,
        ...event.violations.map((each) => `  ${violationText(each)}`),
      ].join('\n')
    case 'trial':
      if (event.ok) return `${colours.green('✓')} ${colours.dim('trial: answers as it should')}`
      return `${colours.red('✗')} trial of draft ${event.attempt}: ${failureText(event)}`
    case 'commit':
      return `${colours.green('✓')} ${colours.dim(`committed ${event.transaction}`)}`
    case 'waiting':
      return colours.yellow(`waiting: ${printable(asTyped(event.reason))}`)
    case 'progress':
      return colours.dim(progressText(event))
    case 'watching':
      return undefined
    case 'expert':
      return colours.dim(printable(`expert ${event.name} ${event.what.replace('_', ' ')}: ${event.reason}`))
    case 'change':
      return colours.dim(printable(`${event.transaction} ${event.user}: ${event.description}`))
  }
}

/** The event as one short plain line. */
export function eventLine(event: CycleEvent): string | undefined {
  switch (event.kind) {
    case 'state':
      return event.to.toLowerCase() + (event.persona ? ` (${event.persona})` : '')
    case 'plan':
    case 'facet':
    case 'proposal':
      return undefined
    case 'draft':
      return `draft ${event.attempt}`
    case 'verdict':
      return event.ok ? undefined : `refused: ${event.violations.map(violationText).join('; ')}`
    case 'trial':
      return event.ok ? undefined : `trial failed: ${failureText(event)}`
    case 'commit':
      return `committed ${event.transaction}`
    case 'waiting':
      return `waiting: ${printable(asTyped(event.reason))}`
    case 'progress':
      return progressText(event)
    case 'watching':
    case 'expert':
    case 'change':
      return undefined
  }
}

/** `covenant 3:5 self.count is changed …`: code, line and column in the method, the sentence. */
export const violationText = (violation: Violation): string =>
  `${violation.code} ${violation.line}:${violation.column} ${printable(violation.message)}`

const failureText = (trial: { readonly code?: string; readonly message?: string }): string =>
  printable([trial.code, trial.message].filter((part) => part !== undefined && part !== '').join(': '))

export const indent = (text: string, by = '  '): string => text.replace(/^/gm, by)
