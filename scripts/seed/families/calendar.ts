// Years and spans of time.
import type { Family } from '../method-spec.ts'

export const calendar: Family = {
  name: 'calendar',
  methods: [
    {
      id: 'leap',
      args: 'j',
      say: '(is leap year|leap year|leap|is leap|check leap year|is it leap year|leap year test):, (is leap|leap year|year with leap day|is it a leap year|check leap|february 29):',
      sayNew: '(verify leap|has leap day|leapish|long year):',
      note: [
        '(is|whether) (it|the year) (is |)a leap year',
        'true for leap years',
        '(check|tell me) if the year is a leap year',
        'has the year 366 days',
        'has the year a leap day',
        'is it a year with 366 days',
        'does february have 29 days',
      ],
      noteNew: [
        'does february have 29 days then',
        'answers true for years with an extra day',
        'every fourth year but mind the centuries',
      ],
      purpose: 'is a a leap year',
      body: ['return a % 4 === 0 && a % 100 !== 0 || a % 400 === 0;'],
    },
    {
      id: 'agein',
      args: 'jj',
      say: '(age|years|born|how old|birth year|age of born):(in|in year|until|now|at):, (age of one born|how old born|age born):(in|by|year):',
      sayNew: '(lifetime|years lived|anniversary):(in|until):',
      note: [
        'the years from the first to the second',
        'how old one is',
        '(give|return|answer) the age',
        'the second year minus the birth year',
        'how old somebody of the first year is in the second',
      ],
      noteNew: [
        'candles on the cake in that year',
        'should answer how many years have gone by',
        'born in the first how old in the second',
      ],
      purpose: 'years from a to b',
      body: ['return b - a;'],
    },
  ],
}
