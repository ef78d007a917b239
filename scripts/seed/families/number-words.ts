// A word that says what a value is.
import type { Family } from '../method-spec.ts'

export const numberWords: Family = {
  name: 'words for values',
  methods: [
    {
      id: 'signword',
      args: 'n',
      say: '(sign|sign of|sign word|sign name|positive or negative|kind of number|sign as text|describe sign):, (is it positive or negative|sign name|sign in words|plus or minus|describe sign|sign of|name sign):',
      sayNew: '(polarity|signum word|sign label|which sign):',
      note: [
        'positive negative or zero (as a word|)',
        '(say|tell) whether it is positive negative or zero',
        'the sign of the number as a word',
        'a word for the sign',
        'the word positive negative or zero',
        'in a word whether it is above or below zero',
        'tell the sign as a word',
      ],
      noteNew: [
        'name the sign',
        'the word zero for nothing and positive or negative else',
        'should answer the sign in words',
      ],
      purpose: 'sign of a as a word',
      voice: 'positive, negative or zero',
      body: ['if (a > 0) return "positive";', 'if (a < 0) return "negative";', 'return "zero";'],
    },
    {
      id: 'parity',
      args: 'u',
      say: '(parity|even or odd|odd or even|parity of|parity word|kind|evenness|name parity|tell parity):, (even or odd|odd or even|parity of|parity word|is it even or odd|name parity|evenness):',
      sayNew: '(parity label|parity text|is it odd or even|classify parity):',
      note: [
        '(the word |)even or odd',
        '(say|tell) whether it is even or odd',
        'the parity (of the number|as a word)',
        'the word even for even numbers and odd for the others',
        'the word even or odd',
        'in a word whether it is even',
        'tell even or odd',
      ],
      noteNew: ['name the parity', 'should answer odd or even in words', 'classify the number by halves'],
      purpose: 'even or odd as a word',
      voice: 'even or odd',
      body: ['return a % 2 === 0 ? "even" : "odd";'],
    },
    {
      id: 'yesno',
      args: 'b',
      say: '(yes or no|yes no|as yes no|answer word|to yes no|in words|say|flag text):, (true as yes|say yes or no|human flag|speak truth|is it yes|bool to word):',
      sayNew: '(spoken flag|word for|yesno text|express):',
      note: [
        'yes for true and no for false',
        'the word yes or no',
        '(say|tell) yes or no',
        'yes if true otherwise no',
        'yes when true and no when false',
        'tell in a word whether it is true',
        'the flag as yes or no',
      ],
      noteNew: ['put the flag in a word', 'should answer with yes or no', 'the truth as people say it'],
      purpose: 'yes or no for a',
      voice: 'yes or no',
      body: ['return a ? "yes" : "no";'],
    },
  ],
}
