// Questions about texts.
import type { Family } from '../method-spec.ts'

export const textTests: Family = {
  name: 'text tests',
  methods: [
    {
      id: 'contains',
      args: 'xR',
      say: '(is|find|does|search|check|look for|look up):(in|occur in|inside|within|part of):, (contains|occurs|is in|appears):in:, (look for|find|search):(in|within|inside):',
      sayNew: '(present|spot|detect):in:, is:somewhere in:',
      note: [
        '(is|whether) the first (is |)in the second',
        'does the second contain the first',
        '(check|tell me) if the text has it',
        'true if the first occurs in the second',
        'does the second have the first in it',
        'can the first be found in the second',
      ],
      noteNew: [
        'can the word be found there',
        'answers true when the text holds it',
        'the latter includes the former',
      ],
      purpose: 'is a in b',
      body: ['return b.includes(a);'],
    },
    {
      id: 'starts',
      args: 'Vy',
      say: '(does|text|check|word|is):(start with|begin with|starts with|begins with|have prefix):, (starts|begins|starts with):with:, (begins|does it start|has prefix):(with|by):',
      sayNew: '(opens|leads|commences):with:, does:open with:',
      note: [
        '(does|whether) the first (start|begin|starts|begins) with the second',
        '(check|tell me) if it begins so',
        'true if the second is at the start of the first',
        'is the second a prefix of the first',
        'does the first begin with the second',
        'is the second the start of the first',
      ],
      noteNew: [
        'answers true when the former opens with the latter',
        'are its first letters these',
        'the beginning agrees',
      ],
      purpose: 'does a start with b',
      body: ['return a.startsWith(b);'],
    },
    {
      id: 'ends',
      args: 'Vz',
      say: '(does|text|check|word|is):(end with|ends with|finish with|end in|have suffix):, (ends|finishes|ends with):with:, (finishes|does it end|has suffix):(with|by|in):',
      sayNew: '(closes|stops|concludes):with:, does:close with:',
      note: [
        '(does|whether) the first (end|finish|ends) with the second',
        '(check|tell me) if it ends so',
        'true if the second is at the end of the first',
        'is the second a suffix of the first',
        'does the first end with the second',
        'is the second the end of the first',
      ],
      noteNew: [
        'answers true when the former closes with the latter',
        'are its final letters these',
        'the ending agrees',
      ],
      purpose: 'does a end with b',
      body: ['return a.endsWith(b);'],
    },
    {
      id: 'palindrome',
      args: 'Y',
      say: '(is palindrome|palindrome|check palindrome|reads backwards|is it palindrome|same backwards|is mirror word|test palindrome):, (is mirror word|same backwards|reads same backwards|check palindrome|same both ways|palindrome test):',
      sayNew: '(verify palindrome|symmetric word|both ways|is symmetric):',
      note: [
        '(is|whether) (it|the word) (is |)the same backwards',
        '(is it|check for) a palindrome',
        'true if it reads the same backwards',
        '(check|tell me) if it is a palindrome',
        'is it the same from behind',
        'does it read alike both ways',
        'the same when turned around',
      ],
      noteNew: [
        'answers true when the mirror changes nothing',
        'equal from both ends',
        'words like level and noon',
      ],
      purpose: 'is a the same backwards',
      body: ['return a === a.split("").reverse().join("");'],
    },
  ],
}
