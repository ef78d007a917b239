// `batos experts`: of each persona the expert that serves and where it is, the experts that wait or were kept out, and what
// was refused before it came into the image. Where they are is known by a running kernel only.
import { z } from 'zod'
import { bytesOf } from '../../src/base/amounts.ts'
import { BlobRef, type PlainObject } from '../../src/base/value.ts'
import { refusedIn } from '../adapter-folder.ts'
import type { OfficeState } from '../expert-office.ts'
import { type Expert, expertsIn, personasIn, servingIn } from '../experts.ts'
import { imageTask } from '../image-task.ts'
import { tallyOf } from '../tallies.ts'

interface PersonaListed {
  readonly persona: string
  /** Empty: the bare model. */
  readonly expert: string
  readonly sha256?: string
  readonly rank?: number
  readonly since?: number
  readonly before?: string
  /** Missions that it answered, and those of them whose first draft was right; `active` once its probation is over. */
  readonly missions?: { readonly asked: number; readonly right: number; readonly course?: 'active' }
  readonly tier?: string
  readonly problem?: string
  readonly last_swap?: { readonly tier: string; readonly ms: number; readonly at: number }
}

interface ExpertListed {
  readonly name: string
  readonly persona: string
  readonly state: 'serving' | 'waiting' | 'passed' | 'kept out'
  readonly reason: string
  readonly sha256: string
  readonly size: number
  readonly rank: number
  readonly alpha: number
  readonly base: string
  readonly source: string
  readonly added: number
  /** What its file, or whoever made it, says of how it was made; a blob by its digest. */
  readonly provenance: PlainObject
}

export const expertList = imageTask({
  on: 'image',
  options: z.strictObject({}),
  run: async (image, _, { home, experts: office }) => {
    const now = image.now()
    const state = office?.state()
    const personas = personasIn(now).map((persona): PersonaListed => {
      const serving = servingIn(now, persona)
      if (!serving) return { persona, expert: '' }
      const { tier, problem, lastSwap } = state?.personas[persona] ?? {}
      return {
        ...{ persona, expert: serving.name, sha256: serving.blob.sha256 },
        ...{ rank: serving.rank, since: serving.since },
        missions: tallyOf(now, { persona, adapter: serving.blob.sha256 }),
        ...(serving.before ? { before: serving.before.name } : {}),
        ...(tier === undefined ? {} : { tier }),
        ...(problem === undefined ? {} : { problem }),
        ...(lastSwap === undefined ? {} : { last_swap: lastSwap }),
      }
    })
    const serves = new Set(personas.map(({ sha256 }) => sha256))
    const experts = expertsIn(now).map((expert) => listed(expert, serves, state?.notes ?? {}))
    const refused = await refusedIn(home.adapters)
    const waiting = state?.waiting ?? []
    return { personas, experts, refused, waiting, swaps: state?.swaps ?? {} }
  },
  text: ({ personas, experts, refused, waiting, swaps }) =>
    [
      table(
        ['persona', 'expert', 'where', 'last swap', 'rank', 'since', 'first drafts right'],
        personas.map(personaRow),
      ),
      ...part('the others', experts.filter(({ state }) => state !== 'serving').map(expertRow)),
      ...part(
        'waiting to be looked at',
        waiting.map(({ entry, reason }) => [entry, reason]),
      ),
      ...part(
        'refused',
        refused.map(({ entry, time, reason }) => [entry, timeOf(time), reason]),
      ),
      ...part('swaps', swapRows(swaps)),
    ].join('\n'),
})

function listed(
  { name, persona, verdict, blob, rank, alpha, base, source, added, provenance }: Expert,
  serves: ReadonlySet<string | undefined>,
  notes: OfficeState['notes'],
): ExpertListed {
  const state = serves.has(blob.sha256)
    ? 'serving'
    : !verdict
      ? 'waiting'
      : verdict.passed
        ? 'passed'
        : 'kept out'
  const reason = verdict?.reason ?? notes[name] ?? 'it waits for the gate'
  const { sha256, size } = blob
  const made = Object.entries(provenance).map(([key, value]) => [
    key,
    value instanceof BlobRef ? value.sha256 : value,
  ])
  return {
    ...{ name, persona, state, reason, sha256, size, rank, alpha, base, source, added },
    provenance: Object.fromEntries(made) as PlainObject,
  }
}

const personaRow = ({ persona, expert, tier, last_swap, rank, since, problem, missions }: PersonaListed) =>
  expert === ''
    ? [persona, '-']
    : [
        ...[persona, expert, problem === undefined ? (tier ?? '') : `left out: ${problem}`],
        last_swap === undefined ? '' : `${last_swap.tier} ${msOf(last_swap.ms)}`,
        ...[String(rank), since === undefined ? '' : timeOf(since)],
        missions?.asked ? `${missions.right} of ${missions.asked}` : '',
      ]

function expertRow({ name, state, rank, size, added, reason }: ExpertListed): string[] {
  const hint = state === 'kept out' ? '' : `; batos experts use ${name} has it serve`
  return [name, state, `rank ${rank}, ${bytesOf(size)}`, timeOf(added), `${reason}${hint}`]
}

const swapRows = (swaps: OfficeState['swaps']): string[][] =>
  Object.entries(swaps).map(([tier, figures]) => {
    const { count, p50_ms, max_ms } = figures as { count: number; p50_ms: number; max_ms: number }
    return [tier, `${count} times`, `median ${msOf(p50_ms)}`, `longest ${msOf(max_ms)}`]
  })

const part = (title: string, rows: readonly (readonly string[])[]): string[] =>
  rows.length === 0 ? [] : ['', title, table(undefined, rows)]

function table(head: readonly string[] | undefined, rows: readonly (readonly string[])[]): string {
  const all = head ? [head, ...rows] : rows
  const widths = all.reduce<number[]>((most, row) => {
    row.forEach((cell, i) => {
      most[i] = Math.max(most[i] ?? 0, cell.length)
    })
    return most
  }, [])
  const line = (row: readonly string[]) => row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')
  return all.map((row) => (head ? '' : '  ') + line(row).trimEnd()).join('\n')
}

const timeOf = (time: number): string => new Date(time).toISOString().slice(0, 16).replace('T', ' ')

const msOf = (ms: number): string => `${Number(ms.toPrecision(2))} ms`
