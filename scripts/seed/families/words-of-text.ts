// A text as its words and letters.
import type { Family } from '../method-spec.ts'

export const wordsOfText: Family = {
  name: 'words of a text',
  methods: [
    {
      id: 'words',
      args: 'p',
      say: '(words|split|words of|split words|to words|into words|list words|split text|tokenize|word list|separate):, (split words|to words|list of words|break into words|separate words|word list|cut into words):',
      sayNew: '(get words|break up|word by word|chop into words):',
      note: [
        '(a|the) list of (its|the) words',
        'split (it|the text) (into words|at spaces)',
        '(give|return|answer) the words',
        'the words as a list',
        'a list of its words',
        'cut it at the spaces',
        'every word by itself',
      ],
      noteNew: [
        'cut at every space',
        'should answer each word on its own',
        'make a list out of the sentence',
      ],
      purpose: 'list of words of a',
      body: ['return a.split(" ");'],
    },
    {
      id: 'firstword',
      args: 'p',
      say: '(first word|first word of|leading word|head word|opening word|first name|first name of|given name):, (first word of|starting word|head word|opening word|leading word):',
      sayNew: '(initial word|get first word|word one|forename):',
      note: [
        'the first word (of the text|)',
        '(give|return|answer) the first word',
        'the word at the start',
        'what stands before the first space',
        'what word it begins with',
        'everything before the first space',
      ],
      noteNew: [
        'with which word it begins',
        'should answer the opening word',
        'drop all but the leading word',
      ],
      purpose: 'first word of a',
      body: ['return a.split(" ")[0];'],
    },
    {
      id: 'lastword',
      args: 'p',
      say: '(last word|last word of|final word|ending word|tail word|last name|last name of|family name|surname):, (final word|last word of|ending word|tail word):',
      sayNew: '(closing word|get last word|word at end|surname of):',
      note: [
        'the last word (of the text|)',
        '(give|return|answer) the last word',
        'the word at the end',
        'what stands after the last space',
        'what word it ends with',
        'everything after the last space',
      ],
      noteNew: [
        'with which word it stops',
        'should answer the closing word',
        'drop all but the trailing word',
      ],
      purpose: 'last word of a',
      body: ['return a.split(" ").pop();'],
    },
    {
      id: 'initials',
      args: 'F',
      say: '(initials|initials of|get initials|monogram|first letters|abbreviation|acronym|abbreviate|short name):, (first letters|initials of|monogram|get initials|short name|name to initials):',
      sayNew: '(make initials|compute initials|letters of name|acronym of):',
      note: [
        'the initials of the (name|words)',
        'the first letter of each word',
        '(give|return|answer) the initials',
        'first letters of all words together',
        'an acronym of the words',
        'the initials of the name',
        'short for the name',
      ],
      noteNew: [
        'the monogram of the person',
        'should answer the starting letters put together',
        'shorten every word to one letter',
      ],
      purpose: 'initials of a',
      body: ['return a.split(" ").map(x => x[0]).join("");'],
    },
  ],
}
