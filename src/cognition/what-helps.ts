// What a person can do when a thought came to nothing, in one line: say more, where an example or an intent is missing, or
// have a larger mind think. That is not the first thing to try: who has said neither is asked to say more.
import type { Profile } from '../mind/prompts.ts'
import type { Mission } from './mission.ts'

const LARGER: Readonly<Record<Profile, string>> = {
  compact: 'batos model pull llama-3.1-8b --use fetches one',
  full: 'batos model list shows those there are',
}

/** `profile`: that of the model in use; what fetches a large model is no hint to one who has it. */
export function whatHelps(
  { expected, intent }: Pick<Mission, 'expected' | 'intent'>,
  profile: Profile,
): string {
  const example = expected.length > 0
  return [
    ...(example ? [] : ['give an example of the answer after the message: `=> value`']),
    ...(intent === '' ? ['say what it should do: `# in your own words`'] : []),
    ...(example || intent !== '' ? [`a larger model may manage, and ${LARGER[profile]}`] : []),
  ].join('; or ')
}
