// A slot read and written.
import { type Family, FLAG } from '../method-spec.ts'

export const gettingAndSetting: Family = {
  name: 'getting and setting',
  methods: [
    {
      id: 'get',
      slots: '*',
      say: '(get S0|S0|read S0|show S0|tell S0|give S0|what is S0|the S0|current S0|my S0|view S0|print S0), (get S0|show S0|tell S0|read S0|the S0|what is S0|give S0|answer S0|S0 please|current S0|S0 value|my S0|see S0)',
      sayNew: '(fetch S0|return S0|say S0|look at S0|reveal S0)',
      note: [
        '(give|answer|return|tell) S0',
        'the value of S0',
        'what S0 is',
        'read S0',
        'tell S0',
        'just S0',
      ],
      noteNew: ['hand out S0 unchanged', 'should answer what is kept in S0', 'reveal S0'],
      purpose: 'answer S0',
      body: ['return self.S0;'],
    },
    {
      id: 'set',
      args: '=',
      slots: '*',
      say: '(set S0|S0|change S0 to|set S0 to|make S0|let S0 be|S0 is|change S0|store S0|save S0|new S0|write S0|rename S0):, (change S0|new S0|write S0|choose S0|let S0 be|turn S0 to|replace S0|define S0):',
      sayNew: '(update S0|put S0|assign S0|S0 becomes|replace S0 by):',
      note: [
        '(make|let) S0 (be |)(it|the value)',
        'set S0 (to the value|)',
        '(store|keep|remember) it (as|in) S0',
        'change S0 to the value',
        'S0 becomes the value',
        'S0 is from now on what is given',
        'put it in S0',
        'the new S0',
        'change S0',
      ],
      noteNew: ['write what is given into S0', 'S0 shall hold it from now on', 'put the new value under S0'],
      purpose: 'set S0 to a',
      body: ['self.S0 = a;', FLAG, 'return self.S0;'],
    },
  ],
}
