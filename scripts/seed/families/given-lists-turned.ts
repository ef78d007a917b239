// A list made of a list that is given.
import type { Family } from '../method-spec.ts'

export const givenListsTurned: Family = {
  name: 'lists from given lists',
  methods: [
    {
      id: 'arev',
      args: 'A',
      say: '(reverse list|reversed list|list backwards|reverse items|turn list|flip list|reverse all|reverse order|reverse):, (reverse list|list backwards|turn list around|reverse order|reversed list|flip list|reverse items):',
      sayNew: '(last to first|list from end|turned list):',
      note: [
        'the list backwards',
        'the items in reverse order',
        'reverse the list',
        'the list from last to first',
        'the list from behind',
        'the items in the other order',
        'last item first',
      ],
      noteNew: [
        'list read from its end',
        'should answer the items back to front',
        'other way around for the list',
      ],
      purpose: 'list a backwards',
      body: ['return [...a].reverse();'],
    },
    {
      id: 'asort',
      args: 'l',
      say: '(sort|sorted|sort list|sort numbers|order|ascending|in order|arrange|sort ascending|low to high):, (sort list|order list|sort numbers|sorted list|from low to high|in order|order numbers|ascending|sort these):',
      sayNew: '(rising|line up|by size|put in order):',
      note: [
        'the (list|numbers) in order',
        'sort the (list|numbers)',
        'the numbers from low to high',
        'from smallest to largest',
        'the numbers in order',
        'from the smallest to the largest',
        'the list sorted',
      ],
      noteNew: ['numbers by size', 'should answer them in rising order', 'line them up from little to big'],
      purpose: 'a sorted',
      body: ['return [...a].sort((x, y) => x - y);'],
    },
    {
      id: 'aunique',
      args: 'A',
      say: '(unique|distinct|dedupe|without duplicates|remove duplicates|unique items|no duplicates|distinct items):, (unique items|no doubles|remove doubles|distinct items|without duplicates|dedupe list):',
      sayNew: '(each once|drop doubles|as set|different ones):',
      note: [
        'the list without duplicates',
        'each item only once',
        'the different items',
        'remove the duplicates',
        'the list without doubles',
        'no item twice',
      ],
      noteNew: ['no entry twice in the list', 'should answer them as a set', 'leave repeated ones out'],
      purpose: 'a without duplicates',
      body: ['return [...new Set(a)];'],
    },
  ],
}
