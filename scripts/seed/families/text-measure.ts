// How much of something a text has.
import type { Family } from '../method-spec.ts'

export const textMeasure: Family = {
  name: 'text measure',
  methods: [
    {
      id: 'length',
      args: 'p',
      say: '(length|length of|size|letters in|count letters|len|how long|size of|character count|characters|count characters|text length):, (count letters|how long|size of text|letters in|characters in|length of text|how many letters):',
      sayNew: '(get length|measure|number of letters|text size):',
      note: [
        'how (long|many letters) (it|the text) (is|has)',
        'the (length|size) of (it|the text)',
        '(give|return|answer) the number of (letters|characters)',
        'count the (letters|characters)',
        'how many letters it has',
        'count its characters',
        'how long the text is',
        'the size of the text',
      ],
      noteNew: [
        'how much space the text takes',
        'should answer how many signs there are',
        'number of keys to type it',
      ],
      purpose: 'length of a',
      body: ['return a.length;'],
    },
    {
      id: 'wordcount',
      args: 'p',
      say: '(count words|word count|number of words|how many words|words in|word total|count the words|words count):, (how many words|number of words|words in|count of words|word total|words number|size in words):',
      sayNew: '(total words|amount of words|wordage|tally words):',
      note: [
        'how many words (it|the text) has',
        'the number of words',
        '(give|return|answer) the word count',
        'count the words',
        'how many words it has',
        'the number of words in the text',
      ],
      noteNew: [
        'into how many pieces spaces cut it',
        'should answer the amount of words',
        'number of words to say',
      ],
      purpose: 'number of words of a',
      body: ['return a.split(" ").length;'],
    },
    {
      id: 'countletter',
      args: 'cp',
      say: '(count|how many|occurrences|count of|number of|count letter|letter count|how often):(in|inside|of):, (how often|times of|number of):(in|within):',
      sayNew: '(tally|frequency|appearances):(in|inside):',
      note: [
        'how often the (letter|first) is in the text',
        'count the letter in the text',
        '(give|return|answer) how many times the letter occurs',
        'the number of times the first occurs in the second',
        'how often the first is in the second',
        'count the first within the second',
      ],
      noteNew: [
        'the frequency of that sign',
        'should answer the amount of that letter',
        'each place of the letter counts one',
      ],
      purpose: 'how often a is in b',
      body: ['return b.split(a).length - 1;'],
    },
  ],
}
