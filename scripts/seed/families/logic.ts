// Truth values given as arguments.
import type { Family } from '../method-spec.ts'

export const logic: Family = {
  name: 'logic',
  methods: [
    {
      id: 'and',
      args: 'bb',
      say: '(both|and|all|are both|logical and|are both true|both true):(and|with):, is:and:, (are both|is each|all of):(and|with):',
      sayNew: '(conjunction|jointly|each):(and|with):',
      note: [
        'true if both are true',
        '(are|whether) both (are |)true',
        'the first and the second',
        'logical and',
        'are both of them true',
        'only true when both are',
        'the one and also the other',
      ],
      noteNew: ['yes only for two times yes', 'should answer the conjunction', 'no as soon as one is false'],
      purpose: 'a and b both true',
      body: ['return a && b;'],
    },
    {
      id: 'or',
      args: 'bb',
      say: '(either|or|any|logical or|is either|one of|at least one):(or|with):, is:or:, (is one|is any|at least one of):(or|and):',
      sayNew: '(disjunction|whichever|some):(or|with):',
      note: [
        'true if one of them is true',
        '(is|whether) either (is |)true',
        'the first or the second',
        'logical or',
        'is any of them true',
        'true when any of them is',
        'the one or else the other',
      ],
      noteNew: ['yes unless both are no', 'should answer the disjunction', 'one true is enough'],
      purpose: 'a or b true',
      body: ['return a || b;'],
    },
    {
      id: 'not',
      args: 'b',
      say: '(not|negation|opposite|logical not|invert|is not|flip|is false):, (negate|opposite of|is it false|logical inverse|turn truth|contradict|not so|flip flag|other truth):',
      sayNew: '(contrary|reverse truth|deny|logical opposite):',
      note: [
        'true becomes false',
        'the opposite (truth value|flag)',
        'not the flag',
        'false for true and true for false',
        'true when it is false',
        'no for yes and yes for no',
        'the other truth value',
      ],
      noteNew: ['say no to yes', 'should answer the contrary', 'turn the truth around'],
      purpose: 'not a',
      body: ['return !a;'],
    },
  ],
}
