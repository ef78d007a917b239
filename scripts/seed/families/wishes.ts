// What is said to somebody on an occasion.
import type { Family } from '../method-spec.ts'
import { saying } from './saying.ts'

export const wishes: Family = {
  name: 'wishes',
  methods: [
    saying({
      id: 'thank',
      before: 'Thank you, ',
      after: '!',
      verb: 'thank',
      say: '(thank|thanks|thank you|say thanks to|thank person|thanks to|say thank you to|show thanks):, (say thanks|express thank you to|gratitude to|give thank you to|thanks a lot|many thanks to|thankful to|thank dear):',
      sayNew: '(give thanks|express thanks|be grateful to|offer thanks):',
      note: [
        'thank (the person|them|him|her)',
        'say (thanks|thank you)',
        'thank you and the name',
        'be grateful to the person',
        'thanks to whoever it is',
        'a thank you',
        'tell (the person|them) thank you',
      ],
      noteNew: [
        'what one says after a gift',
        'should answer a thank you for that person',
        'show gratitude by name',
      ],
    }),
    saying({
      id: 'morning',
      before: 'Good morning, ',
      after: '!',
      verb: 'say good morning to',
      say: '(good morning|morning|say good morning to|wake|morning greeting|greet in the morning|good morning to):, (wish good morning|morning to|greet morning|say morning|dawn greeting|breakfast greeting|good day start|rise):',
      sayNew: '(early greeting|give good morning|sunrise greeting):',
      note: [
        'say good morning (to the person|)',
        'good morning and the name',
        'a morning greeting',
        'greet in the morning',
        'good morning to whoever it is',
        'a greeting for the morning',
        'tell (the person|them) good morning',
      ],
      noteNew: [
        'what one says at breakfast',
        'should answer a good morning for that person',
        'greeting for the early day',
      ],
    }),
    saying({
      id: 'night',
      before: 'Good night, ',
      after: '!',
      verb: 'say good night to',
      say: '(good night|night|say good night to|sleep well|bedtime|good night to|night greeting):, (wish good night|night to|greet night|say night|sleep well wish|evening parting|sweet dreams|to bed):',
      sayNew: '(late greeting|give good night|bed greeting):',
      note: [
        'say good night (to the person|)',
        'good night and the name',
        'a good night wish',
        'greet at bedtime',
        'good night to whoever it is',
        'a greeting for the night',
        'tell (the person|them) good night',
      ],
      noteNew: [
        'what one says before sleep',
        'should answer a good night for that person',
        'greeting for the late day',
      ],
    }),
    saying({
      id: 'birthday',
      before: 'Happy birthday, ',
      after: '!',
      verb: 'wish happy birthday to',
      say: '(birthday|happy birthday|birthday wish|wish happy birthday|birthday greeting|say happy birthday to|happy birthday to):, (congratulate on birthday|birthday for|say happy birthday|wish birthday|birthday song for|birthday message to|on birthday of|celebrate):',
      sayNew: '(birthday card|give birthday wish|anniversary wish):',
      note: [
        'wish (a |)happy birthday',
        'happy birthday and the name',
        'a birthday greeting',
        'say happy birthday to the person',
        'happy birthday to whoever it is',
        'a greeting for the birthday',
        'tell (the person|them) happy birthday',
      ],
      noteNew: [
        'what stands on the cake',
        'should answer a birthday wish for that person',
        'greeting for who turns a year older',
      ],
    }),
  ],
}
