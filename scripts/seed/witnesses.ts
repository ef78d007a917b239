// What a sample's method must answer, as the witnesses of an example: its own message and fresh ones, with the answers of
// the reference, which is first seen to give them in the real sandbox.
import type { Value } from '../../src/base/value.ts'
import type { Judge } from '../../src/forge/evaluation.ts'
import type { witnessSchema } from '../../src/forge/examples.ts'
import { signatureOf } from '../../src/mind/briefs.ts'
import type { Random } from './random.ts'
import { compile } from './runnable.ts'
import type { Sample } from './sample.ts'

const WITNESSES = 4

export type WitnessRow = (typeof witnessSchema)['_zod']['input']

/** Undefined when the reference does not give its own answers there. */
export async function witnessesOf(
  random: Random,
  of: Sample,
  judge: Judge,
): Promise<WitnessRow[] | undefined> {
  if (of.spec.sends) return undefined
  const { selector, args } = of.brief
  const prefill = signatureOf(selector, args.length)
  const run = compile(prefill + of.body)
  const inputs = [
    { state: of.brief.slots as Record<string, Value>, args: [...args] },
    ...Array.from({ length: WITNESSES - 1 }, () => of.fresh(random, 'heldout')),
  ]
  const witnesses = inputs.map(({ state, args }) => {
    const after = structuredClone(state)
    const answer = run(after, ...structuredClone(args))
    delete after._p_changed
    return JSON.parse(JSON.stringify({ slots: state, args, expected: answer ?? null, after }))
  })
  const request = { messages: [], prefill, maxTokens: 1, temperature: 0, seed: 0 }
  const right = await judge({ id: '', request, check: { kind: 'method', selector, witnesses } }, of.body)
  return right ? witnesses : undefined
}
