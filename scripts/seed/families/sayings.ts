// Sentences that only the shown answer or the note can tell: the model must copy them.
import type { Family } from '../method-spec.ts'

export const sayings: Family = {
  name: 'sayings',
  methods: [
    {
      id: 'saybefore',
      args: 'N',
      open: true,
      say: '(say to|tell|message for|message to|call|address|write to|speak to|announce|line for|cheer|toast|answer|reply to|sing for|remind|warn|wish|invite|note for):',
      sayNew: '(whisper to|notify|alert|letter to):',
      note: [
        'say "Q1 " and the name',
        'the text "Q1 " before it',
        '"Q1 " followed by the name',
        'put "Q1 " in front',
        'write "Q1 " and then the name',
        'start with "Q1 " and add it',
        'the name after "Q1 "',
      ],
      noteNew: [
        'begin with "Q1 " then who is meant',
        'should answer "Q1 " and then what is given',
        'lead it with "Q1 "',
      ],
      purpose: 'say "Q1 " then a',
      voice: 'Q1 a',
      body: ['return "Q1 " + a;'],
    },
    {
      id: 'constant',
      open: true,
      say: '(motto|answer|slogan|say|speak|hello|greeting|name|title|joke|wisdom|proverb|secret|help|about|version|who are you|sing|laugh|bark|meow|talk|ping|test|color|advice|quote of the day)',
      sayNew: '(watchword|utter|password|maxim|call sign)',
      note: [
        '(say|answer) "Q1"',
        'always "Q1"',
        'the text "Q1"',
        'just say "Q1"',
        'it says "Q1"',
        'the answer is "Q1"',
      ],
      noteNew: ['never anything but "Q1"', 'should answer the fixed text "Q1"', 'reply with "Q1"'],
      purpose: 'say "Q1"',
      voice: 'Q1',
      body: ['return "Q1";'],
    },
  ],
}
