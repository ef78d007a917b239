// All of a map at once.
import type { Family } from '../method-spec.ts'

export const mapTotals: Family = {
  name: 'map totals',
  methods: [
    {
      id: 'keys',
      slots: 'm',
      say: '(keys|names|list keys|all keys|keys of S0|S0 keys|get keys|known keys|list names|list S0), (S0 keys|keys of S0|names in S0|all keys|list keys|which keys|all names|names of S0|what names)',
      sayNew: '(key list|known names|index of S0|entries)',
      note: [
        'the keys of S0',
        'the names in S0',
        'list all keys in S0',
        'what S0 has entries for',
        'the keys of S0 as a list',
        'which names S0 has',
        'all names in S0',
      ],
      noteNew: [
        'what S0 knows by name',
        'should answer a list of names in S0',
        'under which words S0 keeps values',
      ],
      purpose: 'keys of S0',
      body: ['return Object.keys(self.S0);'],
    },
    {
      id: 'values',
      slots: 'm',
      say: '(values|all values|list values|values of S0|S0 values|get values|only values), (S0 values|values of S0|all values|list values|which values|numbers in S0|values in S0)',
      sayNew: '(value list|numbers of S0|contents of S0)',
      note: [
        'the values of S0',
        'the numbers in S0',
        'list all values in S0',
        'what S0 holds without the keys',
        'the values of S0 as a list',
        'which numbers S0 has',
        'all values in S0',
      ],
      noteNew: [
        'what S0 keeps under its names',
        'should answer a list of numbers from S0',
        'leave the names of S0 out',
      ],
      purpose: 'values of S0',
      body: ['return Object.values(self.S0);'],
    },
    {
      id: 'keycount',
      slots: 'm',
      say: '(count keys|key count|number of keys|size|count|how many|count entries|how many keys|number of entries|size of S0), (number of keys|how many keys|S0 size|count keys|size of S0|entries in S0|how many entries)',
      sayNew: '(tally keys|amount of keys|map size|quantity)',
      note: [
        'how many keys S0 has',
        'the number of entries in S0',
        'count the keys of S0',
        'the size of S0',
        'the number of entries of S0',
        'count the names in S0',
      ],
      noteNew: [
        'how much S0 knows',
        'should answer the amount of names in S0',
        'tell how large the map S0 is',
      ],
      purpose: 'number of keys of S0',
      body: ['return Object.keys(self.S0).length;'],
    },
    {
      id: 'valuesum',
      slots: 'm',
      say: '(total|sum|total values|sum values|add values|total of S0|sum of S0|total S0|add all|sum S0|grand total), (total of S0|S0 total|sum values|all values together|sum of S0|total values|add values)',
      sayNew: '(values total|altogether|sum of values|all S0 together)',
      note: [
        'all values of S0 added',
        'the sum of the values in S0',
        'the total of S0',
        'add up what S0 holds',
        'how much S0 makes in all',
        'the total over the keys of S0',
      ],
      noteNew: [
        'how much all entries of S0 make',
        'should answer the numbers of S0 in one',
        'put the values of S0 together',
      ],
      purpose: 'sum of the values of S0',
      body: ['return Object.values(self.S0).reduce((x, y) => x + y, 0);'],
    },
  ],
}
