// The states of a thought, and every legal step between them:
//
//   IDLE          → DECOMPOSING                 the brief is stored, the transaction is open
//   DECOMPOSING   → REASONING                   the plan asks for memory
//                 → DELEGATING                  it does not
//   REASONING     → DELEGATING                  what was found is at hand
//   DELEGATING    → SYNTHESIZING                every facet of the plan has answered
//   SYNTHESIZING  → VALIDATING                  there is a draft
//   VALIDATING    → SYNTHESIZING                the draft was refused, tries are left
//                 → COMPLETE                    it was audited and tried
//   COMPLETE      (end)                         one commit installs it and carries out the message
//                 → FAILED                      the commit was refused
//   FAILED        (end)                         the transaction is aborted; reachable from every other state
//
// In the image each state is an object (the slots of `states`); a cycle is in a state by delegating to it through its
// parent slot `synthesis_state*`.

export const stateNames = [
  'IDLE',
  'DECOMPOSING',
  'REASONING',
  'DELEGATING',
  'SYNTHESIZING',
  'VALIDATING',
  'COMPLETE',
  'FAILED',
] as const

export type StateName = (typeof stateNames)[number]

const steps: Readonly<Record<StateName, readonly StateName[]>> = {
  IDLE: ['DECOMPOSING', 'FAILED'],
  DECOMPOSING: ['REASONING', 'DELEGATING', 'FAILED'],
  REASONING: ['DELEGATING', 'FAILED'],
  DELEGATING: ['SYNTHESIZING', 'FAILED'],
  SYNTHESIZING: ['VALIDATING', 'FAILED'],
  VALIDATING: ['SYNTHESIZING', 'COMPLETE', 'FAILED'],
  COMPLETE: ['FAILED'],
  FAILED: [],
}

export const isStateName = (text: unknown): text is StateName => stateNames.some((name) => name === text)
export const isLegalStep = (from: StateName, to: StateName): boolean => steps[from].includes(to)
