// What an object says of itself.
import type { Family } from '../method-spec.ts'

export const selfTalk: Family = {
  name: 'self talk',
  methods: [
    {
      id: 'hellome',
      slots: 's',
      say: '(greet|hello|say hello|greeting|say hi|greet self|hello there|greet S0), (hello to S0|say hello to S0|greeting with S0|hi from S0|greet by S0|salute S0|present greeting)',
      sayNew: '(give greeting|greet me|make hello|speak hello)',
      note: [
        'say hello with (the |my |)S0',
        'hello and (the |my |)S0',
        'greet using S0',
        'a greeting with S0',
        'hello to S0',
        'say hello and S0',
        'a hello for S0',
      ],
      noteNew: [
        'be polite and mention S0',
        'should answer a hello that holds S0',
        'hello with a comma and S0',
      ],
      purpose: 'say hello to S0',
      voice: 'Hello, S0!',
      body: ['return "Hello, " + self.S0 + "!";'],
    },
    {
      id: 'intro',
      slots: 's',
      say: '(introduce|introduce yourself|who are you|present|present yourself|say who|who is this|identify|introduction|tell who you are|say name|whoami|who am i), (who is it|introduce self|tell who|my name|present self|say who you are)',
      sayNew: '(state identity|self introduction|reveal yourself|make known)',
      note: [
        'tell who i am with S0',
        'say i am and (the |my |)S0',
        'introduce (oneself|yourself) by S0',
        'i am and S0',
        'say who I am by S0',
        'I am and S0',
        'introduce (yourself|itself) with S0',
      ],
      noteNew: ['what one says at a first meeting', 'should answer who it is by S0', 'present oneself as S0'],
      purpose: 'say i am S0',
      voice: 'I am S0.',
      body: ['return "I am " + self.S0 + ".";'],
    },
    {
      id: 'describe',
      slots: 'sn',
      say: '(describe|description|summary|info|show|print|display|about|details|as text|to string|report|label|overview|describe yourself), (describe it|S0 and S1|label|as line|show both|info|summary|tell S0 and S1)',
      sayNew: '(give details|portrait|make summary|characterize)',
      note: [
        'S0 and S1 as text',
        'S0 then a colon then S1',
        'describe with S0 and S1',
        'a text with S0 and S1',
        '(show|print) S0 and S1',
        'both S0 and S1 in one line',
        'S0 with its S1',
      ],
      noteNew: [
        'one line that tells S0 and S1',
        'should answer both S0 and S1 with a colon',
        'sum up S0 with S1',
      ],
      purpose: 'S0 and S1 as text',
      voice: 'S0: S1',
      body: ['return self.S0 + ": " + self.S1;'],
    },
  ],
}
