// Results that are built step by step.
import type { Family } from '../method-spec.ts'

export const loops: Family = {
  name: 'loops',
  methods: [
    {
      id: 'factorial',
      args: 'u',
      say: '(factorial|factorial of|fact|product up to|compute factorial|multiply up to|fac|permutations):, (product up to|number of orders|permutations of|n factorial|multiply up to|fact|faculty of):',
      sayNew: '(get factorial|find factorial|orderings|factorial number):',
      note: [
        'the factorial of (it|the number)',
        '(give|return|answer) the factorial',
        'the product of the numbers from one to it',
        'multiply all numbers up to it',
        'all numbers up to it multiplied',
        'multiply all the numbers up to it',
      ],
      noteNew: [
        'in how many orders so many things can stand',
        'one times two times three and so on',
        'should answer n with an exclamation mark',
      ],
      purpose: 'factorial of a',
      body: ['let result = 1;', 'for (let i = 2; i <= a; i++) result = result * i;', 'return result;'],
    },
    {
      id: 'sumto',
      args: 'u',
      say: '(sum to|sum up to|add up to|sum until|total up to|triangular|gauss|add numbers to|triangle number|sum numbers to):, (add up to|sum of first|triangle number|triangular|sum one to|count up sum|total up to):',
      sayNew: '(total until|accumulate to|sum till|gauss sum):',
      note: [
        'the sum of (the|all) numbers (from one to|up to) it',
        'add all numbers up to (it|the number)',
        '(give|return|answer) one plus two and so on',
        'sum from one to the number',
        'all numbers up to it added',
        'one plus two plus three and so on',
        'the sum of the first so many numbers',
      ],
      noteNew: [
        'what young gauss computed',
        'all numbers till there together',
        'should answer the triangular number',
      ],
      purpose: 'sum from 1 to a',
      body: ['let result = 0;', 'for (let i = 1; i <= a; i++) result = result + i;', 'return result;'],
    },
    {
      id: 'countto',
      args: 'u',
      say: '(count to|count up to|numbers to|range to|list to|numbers up to|count until|first numbers|up to|enumerate to|range):, (list to|one to|numbers one to|make range|from one to):',
      sayNew: '(counting to|integers to|list until|sequence to):',
      note: [
        '(a list|the list|numbers) from one to it',
        'count (up to|to) it',
        '(give|return|answer) the numbers up to it',
        'list the numbers from one on',
        'a list of the numbers up to it',
        'one two three and so on',
        'the numbers from one on',
      ],
      noteNew: ['every number from one till there', 'should answer a rising list', 'as children count'],
      purpose: 'list from 1 to a',
      body: ['const result = [];', 'for (let i = 1; i <= a; i++) result.push(i);', 'return result;'],
    },
  ],
}
