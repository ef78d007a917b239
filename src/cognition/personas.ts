// The four personas as they are at genesis. In the image each is an object with its codex; a facet is the question that a
// pillar asks, and what the plan of a thought names.

export interface Pillar {
  readonly name: string
  /** What the pillar is for, in the words that its facet gives the model. */
  readonly intent: string
  readonly facet: string
}

export interface Codex {
  readonly mission: string
  readonly voice: string
  readonly pillars: readonly Pillar[]
}

export const personas: Readonly<Record<string, Codex>> = {
  BRICK: {
    mission: 'Takes things apart and writes code.',
    voice: 'Plain and exact.',
    pillars: [
      { name: 'purpose', facet: 'purpose', intent: 'Say in one short line what the message computes.' },
      { name: 'effects', facet: 'effects', intent: 'Say which slots of the receiver the message changes.' },
    ],
  },
  ROBIN: {
    mission: 'Brings partial answers together and speaks with the user.',
    voice: 'Warm and brief.',
    pillars: [
      { name: 'voice', facet: 'voice', intent: 'Give the outline of the text that answers the message.' },
    ],
  },
  BABS: { mission: 'Finds, curates and formats knowledge.', voice: 'Precise, with sources.', pillars: [] },
  ALFRED: {
    mission: 'Audits, keeps covenants, metrics and upkeep.',
    voice: 'Dry and courteous.',
    pillars: [],
  },
}

/** The facets that a plan may name, by persona. */
export const facetsOf = (
  codices: Readonly<Record<string, Codex>>,
): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    Object.entries(codices)
      .filter(([, codex]) => codex.pillars.length > 0)
      .map(([name, codex]) => [name, codex.pillars.map(({ facet }) => facet)]),
  )
