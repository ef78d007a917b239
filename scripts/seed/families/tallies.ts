// Counts kept under keys.
import { type Family, FLAG } from '../method-spec.ts'

export const tallies: Family = {
  name: 'tallies',
  methods: [
    {
      id: 'inckey',
      args: 'k',
      slots: 'm',
      say: '(count|vote|vote for|count word|increment|add vote|bump|count one|tally|hit|add one to|score for):, (count|vote for|one more|tick|S0 one more|add one to|increase|one for):',
      sayNew: '(mark|ballot for|one more for|point for):',
      note: [
        'add one to S0 for (it|the key)',
        'count it in S0',
        'S0 at the key goes up by one',
        'one more for the key in S0',
        'one more for it in S0',
        'S0 counts it',
        'count the name in S0',
      ],
      noteNew: [
        'let the entry in S0 climb by one',
        'S0 gives that name a point',
        'should answer the raised entry of S0',
      ],
      purpose: 'add 1 to S0 for a',
      body: ['self.S0[a] = (self.S0[a] ?? 0) + 1;', FLAG, 'return self.S0[a];'],
    },
    {
      id: 'addkey',
      args: 'kn',
      slots: 'm',
      say: '(add to|increase|add for|give|stock|deposit for|credit|raise|add):(by|amount|add|points|plus|quantity):, (S0 add|add for|give|book|score):(more|points|plus|amount):',
      sayNew: '(award|boost|supply):(by|amount|points):',
      note: [
        'add the second to S0 for the first',
        'S0 at the key goes up by the amount',
        'raise the entry in S0 by the second',
        'increase the value in S0 for the key',
        'S0 gets the second more for the first',
        'add the number to what S0 has for the name',
      ],
      noteNew: [
        'let the entry of the former in S0 climb by the latter',
        'so much more for that name in S0',
        'should answer the grown entry of S0',
      ],
      purpose: 'add b to S0 for a',
      body: ['self.S0[a] = (self.S0[a] ?? 0) + b;', FLAG, 'return self.S0[a];'],
    },
  ],
}
