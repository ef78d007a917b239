// What a thought lets be seen while it goes on. One stream, several readers: the client that asked, subscribers, the
// audit trail, the metrics. An observation is a fact about the past; nothing waits for those who look.
import type { InferRequest, InferResult } from '../mind/engine-messages.ts'
import type { Plan } from '../mind/plan.ts'
import type { StateName } from './states.ts'

export interface Violation {
  readonly code: string
  readonly line: number
  readonly column: number
  readonly message: string
}

export type Observation =
  | { readonly kind: 'state'; readonly from: StateName; readonly to: StateName; readonly persona?: string }
  | { readonly kind: 'token'; readonly text: string }
  | {
      readonly kind: 'call'
      /** As it was answered: made again, it has the same answer. */
      readonly request: InferRequest
      readonly result: InferResult
    }
  | { readonly kind: 'plan'; readonly plan: Plan }
  | { readonly kind: 'retrieval'; readonly found: readonly string[] }
  | { readonly kind: 'facet'; readonly persona: string; readonly facet: string; readonly answer: string }
  | { readonly kind: 'draft'; readonly attempt: number; readonly source: string }
  | {
      readonly kind: 'verdict'
      readonly attempt: number
      readonly ok: boolean
      readonly violations: readonly Violation[]
    }
  | {
      readonly kind: 'trial'
      readonly attempt: number
      readonly ok: boolean
      readonly code?: string
      readonly message?: string
    }
  /** The draft passed and waits for the user's word. */
  | { readonly kind: 'proposal'; readonly attempt: number; readonly source: string }
  | { readonly kind: 'commit'; readonly transaction: string; readonly purpose?: string }
  | { readonly kind: 'abort'; readonly code: string; readonly message: string }
  | { readonly kind: 'waiting'; readonly reason: string }
