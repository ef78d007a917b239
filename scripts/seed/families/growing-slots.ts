// A number in a slot that is multiplied or divided.
import { type Family, FLAG } from '../method-spec.ts'

export const growingSlots: Family = {
  name: 'growing slots',
  methods: [
    {
      id: 'dbls',
      slots: 'n',
      say: '(double|twice|double S0|double it|twice S0|times two|S0 times two|duplicate), (make S0 double|S0 doubled up|grow twice|S0 twice as large|two fold|multiply S0 by two|S0 by two|twice as much)',
      sayNew: '(make double|double up|twofold S0|S0 doubled)',
      note: [
        'double S0',
        'make S0 twice as large',
        'multiply S0 by two',
        'S0 times two and keep it',
        'S0 twice as much',
        'S0 becomes two times S0',
        'double what S0 is',
      ],
      noteNew: [
        'let S0 be two times what it was',
        'S0 grows to the twofold',
        'should answer S0 after doubling',
      ],
      purpose: 'double S0',
      body: ['self.S0 = self.S0 * 2;', FLAG, 'return self.S0;'],
    },
    {
      id: 'halves',
      slots: 'n',
      say: '(halve|half|halve S0|half S0|cut in half|halve it|split in half|S0 divided by two), (make S0 half|S0 in half|half as much S0|cut S0 in half|S0 by half|divide S0 by two|S0 over two|half as much)',
      sayNew: '(make half|S0 halved|cut S0|divide S0)',
      note: [
        'halve S0',
        'make S0 half as large',
        'divide S0 by two',
        'cut S0 in half and keep it',
        'S0 half as much',
        'S0 becomes one half of S0',
        'halve what S0 is',
      ],
      noteNew: ['let S0 be half of what it was', 'S0 loses one half', 'should answer S0 after halving'],
      purpose: 'halve S0',
      body: ['self.S0 = self.S0 / 2;', FLAG, 'return self.S0;'],
    },
    {
      id: 'scale',
      args: 'n',
      slots: 'n',
      say: '(multiply by|scale by|scale|times|multiply S0 by|multiply|scale S0|scale S0 by|multiply S0|S0 times):, (S0 by factor|grow S0 times|S0 multiplied by|make S0 times|factor|multiply with|S0 times as much):',
      sayNew: '(scale with|magnify S0 by|enlarge times|stretch):',
      note: [
        'multiply S0 by (it|the number)',
        'make S0 so many times as large',
        'scale S0',
        'S0 times the number and keep it',
        'S0 so many times as much',
        'multiply what S0 is by the number',
        'S0 becomes S0 times the number',
      ],
      noteNew: [
        'let S0 be that many times what it was',
        'S0 grows by the factor',
        'should answer S0 after scaling',
      ],
      purpose: 'multiply S0 by a',
      body: ['self.S0 = self.S0 * a;', FLAG, 'return self.S0;'],
    },
  ],
}
