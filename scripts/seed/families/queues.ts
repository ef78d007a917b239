// A list in a slot that is used from its ends.
import { type Family, FLAG } from '../method-spec.ts'

export const queues: Family = {
  name: 'queues and stacks',
  methods: [
    {
      id: 'unshift',
      args: 'E',
      slots: 'L',
      say: '(prepend|push front|add first|insert first|put first|add to front|add at start|unshift|prepend to S0|put in front):, (S0 first|put before S0|to front of S0|add on top|first add|at front|insert at start|start S0 with):',
      sayNew: '(lead with|place ahead|front insert|top insert):',
      note: [
        'put (it|the item) (at the start of|before) S0',
        'add it to the front of S0',
        'prepend it to S0',
        'S0 with the item first',
        'S0 begins with it',
        'it comes before all of S0',
        'the new first of S0',
      ],
      noteNew: ['let S0 begin with the item', 'the item leads S0', 'one more entry ahead of S0'],
      purpose: 'prepend a to S0',
      body: ['self.S0.unshift(a);', FLAG, 'return self.S0;'],
    },
    {
      id: 'pop',
      slots: 'L',
      say: '(pop|remove last|take last|pop item|pop S0|undo|drop last one|delete last|take from top|remove last of S0), (last of S0 off|take newest|remove newest|S0 pop|take last of S0|last away|get and remove last)',
      sayNew: '(take off top|last out|pick last|withdraw last)',
      note: [
        'remove the last of S0 and answer it',
        'take the last item from S0',
        'the last of S0 goes and is answered',
        'pop from S0',
        'the last of S0 leaves',
        'take the newest of S0 away',
        'answer the last of S0 and remove it',
      ],
      noteNew: [
        'hand out the end of S0 and shorten it',
        'S0 loses its final entry which is told',
        'the newest leaves S0',
      ],
      purpose: 'remove and answer the last of S0',
      body: ['const last = self.S0.pop();', FLAG, 'return last;'],
    },
    {
      id: 'shift',
      slots: 'L',
      say: '(shift|remove first|take first|dequeue|next|next in line|serve|serve next|shift S0|take from front|first out|call next), (first of S0 off|take oldest|remove oldest|S0 shift|take first of S0|first away|get and remove first)',
      sayNew: '(pull first|take head|pick first|who is next)',
      note: [
        'remove the first of S0 and answer it',
        'take the first item from S0',
        'the first of S0 goes and is answered',
        'next from S0',
        'the first of S0 leaves',
        'take the oldest of S0 away',
        'answer the first of S0 and remove it',
      ],
      noteNew: [
        'hand out the start of S0 and shorten it',
        'S0 loses its leading entry which is told',
        'the oldest leaves S0',
      ],
      purpose: 'remove and answer the first of S0',
      body: ['const first = self.S0.shift();', FLAG, 'return first;'],
    },
  ],
}
