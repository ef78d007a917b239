// Parts of a date that is written as year-month-day.
import type { Family } from '../method-spec.ts'

export const dates: Family = {
  name: 'dates',
  methods: [
    {
      id: 'year',
      args: 'd',
      say: '(year|year of|get year|year in|which year|year from|extract year):, (year of date|which year|get year|date year|year from|in which year):',
      sayNew: '(what year|find year|year part|take year):',
      note: [
        'the year of the date',
        '(give|return|answer) the year',
        'which year it is',
        'the year as a number',
        'in which year it was',
        'only the year',
        'first part of the date as a number',
      ],
      noteNew: [
        'first part of the date',
        'should answer in which year the day lies',
        'the four leading digits',
      ],
      purpose: 'year of a',
      body: ['return Number(a.slice(0, 4));'],
    },
    {
      id: 'month',
      args: 'd',
      say: '(month|month of|get month|month in|which month|month from|extract month):, (month of date|which month|get month|date month|month from|month number):',
      sayNew: '(what month|find month|month part|take month):',
      note: [
        'the month of the date',
        '(give|return|answer) the month',
        'which month it is',
        'the month as a number',
        'in which month it was',
        'only the month',
        'the number of the month',
      ],
      noteNew: [
        'middle part of the date',
        'should answer in which month the day lies',
        'number of the month',
      ],
      purpose: 'month of a',
      body: ['return Number(a.slice(5, 7));'],
    },
    {
      id: 'dayof',
      args: 'd',
      say: '(day|day of|get day|day in|which day|day from|extract day|day of month):, (day of date|which day|get day|date day|day from|day number|day of month):',
      sayNew: '(what day|find day|day part|take day):',
      note: [
        'the day of the date',
        '(give|return|answer) the day',
        'which day of the month it is',
        'the day as a number',
        'on which day of the month it was',
        'only the day',
        'the last part of the date as a number',
      ],
      noteNew: [
        'last part of the date',
        'should answer the number of the day in its month',
        'the two closing digits',
      ],
      purpose: 'day of a',
      body: ['return Number(a.slice(8));'],
    },
  ],
}
