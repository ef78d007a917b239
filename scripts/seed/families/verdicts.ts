// Rules whose numbers and words only the note can tell.
import type { Family } from '../method-spec.ts'

export const verdicts: Family = {
  name: 'rules and verdicts',
  methods: [
    {
      id: 'rule',
      args: 'n',
      open: true,
      say: '(fee|price|cost|points|score|fare|charge|rent|pay|salary|compute|calculate|formula|result|total for|value of|bonus|fine|wage):',
      sayNew: '(premium|invoice|tariff|reward):',
      note: [
        'K times it plus K2',
        'K for each and K2 on top',
        'the number times K plus K2',
        'multiply by K and add K2',
        'it times K and K2 more',
        'K each plus K2',
        'K for every one and K2 besides',
      ],
      noteNew: [
        'every one counts K and there are K2 more',
        'should answer K of them with K2 added',
        'scale by K then raise by K2',
      ],
      purpose: 'a times K plus K2',
      body: ['return a * K + K2;'],
      vague: true,
    },
    {
      id: 'threshold',
      args: 'n',
      open: true,
      say: '(judge|rate|classify|check|verdict|grade|decide|evaluate|label|assess|test|tell|describe|what is|kind of):',
      sayNew: '(appraise|sort out|qualify|deem):',
      note: [
        '"Q1" from K on otherwise "Q2"',
        'if it is at least K say "Q1" else "Q2"',
        '"Q1" when the number is K or more and "Q2" if not',
        '"Q2" below K and "Q1" otherwise',
        'say "Q1" for K or more else "Q2"',
        '"Q1" if K or higher and "Q2" for less',
      ],
      noteNew: [
        'who reaches K gets "Q1" the others "Q2"',
        'should answer "Q1" at K and above but "Q2" under it',
        'with K it is "Q1" with less "Q2"',
      ],
      purpose: '"Q1" if a is at least K else "Q2"',
      voice: 'Q1 or Q2',
      body: ['return a >= K ? "Q1" : "Q2";'],
      vague: true,
    },
  ],
}
