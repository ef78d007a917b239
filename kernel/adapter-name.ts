// What an adapter is called that is made of conversations: after the persona whose it will be when lora_adapters/ is looked at.
import { basename } from 'node:path'
import { BatError } from '../src/base/errors.ts'
import { personas } from '../src/cognition/personas.ts'
import { nameAmong } from './expert-intake.ts'

/**
 * `ROBIN_tales` of `tales.jsonl` and ROBIN, or of `robin_tales.jsonl` alone. Throws E_TRAINER_SETTINGS when neither tells the
 * persona.
 */
export function adapterNameOf(data: string, persona: string | undefined): string {
  const given = basename(data).replace(/\.jsonl?$/, '')
  const own = persona?.toUpperCase()
  const known = own === undefined ? Object.keys(personas) : [own]
  const found = nameAmong(known, given) ?? (own && nameAmong(known, `${own}_${given}`))
  if (found) return found.name
  throw new BatError('E_TRAINER_SETTINGS', {
    path: 'persona',
    problem: `whose adapter is ${given} to be? Give --persona (${Object.keys(personas).join(', ')})`,
  })
}
