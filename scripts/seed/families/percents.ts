// Prices, taxes, shares of a hundred.
import type { Family } from '../method-spec.ts'

export const percents: Family = {
  name: 'percents and prices',
  methods: [
    {
      id: 'discount',
      args: 'nn',
      say: '(discount|reduce price|price|sale|rebate|price off|take off|price with discount):(percent|by percent|minus percent|off|by):, discount:percent off:, (sale price|reduced price|price after discount):(percent|at percent):',
      sayNew: '(markdown|bargain|cheaper):(percent|by percent):',
      note: [
        'the price with (the|so many) percent (off|less)',
        'take the percent off the price',
        '(give|return|answer) the reduced price',
        'the first less second percent',
        'the price that is left after so many percent off',
        'how much is to pay with that discount',
      ],
      noteNew: [
        'what it costs in the sale',
        'should answer the price after the rebate',
        'price without the discount share',
      ],
      purpose: 'a less b percent',
      body: ['return a - a * b / 100;'],
    },
    {
      id: 'tax',
      args: 'nn',
      say: '(add tax|with tax|tax|add vat|with vat|gross|price with tax|markup|add interest|interest):(percent|rate|at|of percent|plus percent):, (price after tax|total with tax|add percent):(percent|at percent):',
      sayNew: '(gross price|taxed|surcharge):(percent|rate):',
      note: [
        'the price plus (the|so many) percent',
        'add the percent to the price',
        '(give|return|answer) the price with tax',
        'the first and second percent more',
        'the price that results with so many percent on top',
        'how much is to pay with that tax',
      ],
      noteNew: [
        'what it costs with the tax',
        'should answer the gross price',
        'price and the tax share together',
      ],
      purpose: 'a plus b percent',
      body: ['return a + a * b / 100;'],
    },
    {
      id: 'percentof',
      args: 'nn',
      say: '(percent|percentage|percents|pct|take percent|compute percent|calculate percent):(of|from|on):, (share of|part of|how much of):(percent|at percent):',
      sayNew: '(share percent|hundredths|get percent):(of|from):',
      note: [
        '(so many|that many) percent of the second',
        'the first as percent of the second',
        '(give|return|answer) the percentage',
        'the percentage of the second number',
        'first percent of second',
        'so many percent of the first',
        'the second as hundredths of the first',
      ],
      noteNew: [
        'hundredths of the second as the first says',
        'should answer a share of the second in percent',
        'take the given percent from the second',
      ],
      purpose: 'a percent of b',
      body: ['return a * b / 100;'],
    },
  ],
}
