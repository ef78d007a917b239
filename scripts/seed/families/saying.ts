// A sentence around the one person spoken to.
import type { MethodSpec } from '../method-spec.ts'

interface Saying extends Pick<MethodSpec, 'id' | 'say' | 'sayNew' | 'note' | 'noteNew'> {
  readonly before: string
  readonly after: string
  readonly verb: string
}

export const saying = ({ before, after, verb, ...wordings }: Saying): MethodSpec => ({
  ...wordings,
  args: 'N',
  purpose: `${verb} a`,
  voice: `${before}a${after}`,
  body: [`return "${before}" + a + "${after}";`],
})
