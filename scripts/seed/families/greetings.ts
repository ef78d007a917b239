// What is said when people meet and part.
import type { Family } from '../method-spec.ts'
import { saying } from './saying.ts'

export const greetings: Family = {
  name: 'greetings',
  methods: [
    saying({
      id: 'greet',
      before: 'Hello, ',
      after: '!',
      verb: 'say hello to',
      say: '(greet|hello|say hello to|say hello|greeting|greet person|hello to|greeting for|greet user|greet by name|greet friend|salute|greets|greet the):, (say hello for|greet someone|hello dear|greeting to):',
      sayNew: '(give greeting to|make hello|send hello|offer hello):',
      note: [
        '(say|tell) hello to (the person|him|her|somebody|them)',
        'greet (the person|them|by name|the user)',
        'hello and the name',
        'a (friendly |)greeting with the name',
        'say hello',
        'hello to whoever it is',
        'greet whoever comes',
        'meet (the person|them) with a hello',
      ],
      noteNew: [
        'be polite and say hello',
        'should answer a hello for that person',
        'hello with a comma and the name',
      ],
    }),
    saying({
      id: 'hi',
      before: 'Hi, ',
      after: '!',
      verb: 'say hi to',
      say: '(hi|say hi to|say hi|hi to|hey|hi there|short greeting):, (say hi for|hi dear|wave hi to|hi friend|quick hi to|hi you|hey there|be casual to|nod to):',
      sayNew: '(give hi|casual greeting|send hi):',
      note: [
        '(say|tell) hi to (the person|him|her|them)',
        'hi and the name',
        'a short greeting',
        'say hi',
        'hi to whoever it is',
        'a quick hi',
        'a casual greeting',
      ],
      noteNew: ['be casual and say hi', 'should answer a hi for that person', 'hi with a comma and the name'],
    }),
    saying({
      id: 'welcome',
      before: 'Welcome, ',
      after: '!',
      verb: 'welcome',
      say: '(welcome|say welcome to|receive|welcome guest|welcome person|invite in|welcome user|bid welcome):, (welcome in|say welcome|welcome to you|welcome home|open door for|welcome visitor|let in|come in):',
      sayNew: '(make welcome|give welcome|greet arriving|offer welcome):',
      note: [
        'welcome (the person|the guest|them|him|her)',
        'say welcome',
        'welcome and the name',
        'bid the guest welcome',
        'welcome to whoever it is',
        'greet (the guest|them) on arrival',
        'tell (the person|them) welcome',
      ],
      noteNew: [
        'what a host says at the door',
        'should answer a welcome for that person',
        'welcome with a comma and the name',
      ],
    }),
    saying({
      id: 'bye',
      before: 'Goodbye, ',
      after: '!',
      verb: 'say goodbye to',
      say: '(bye|goodbye|farewell|say goodbye to|say bye to|good bye|part from|say goodbye|take leave of|bye bye):, (say bye|goodbye to|bye to|leave|see off|so long|take care|wave goodbye to):',
      sayNew: '(make farewell|send off|give goodbye|wave to):',
      note: [
        'say (goodbye|bye) to (the person|them|him|her)',
        'goodbye and the name',
        'bid farewell',
        'part from the person',
        'goodbye to whoever it is',
        'a farewell',
        'tell (the person|them) goodbye',
      ],
      noteNew: [
        'what one says at the door when leaving',
        'should answer a goodbye for that person',
        'goodbye with a comma and the name',
      ],
    }),
  ],
}
