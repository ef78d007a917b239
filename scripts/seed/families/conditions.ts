// Changes that happen only where they may.
import { type Family, FLAG } from '../method-spec.ts'

export const conditions: Family = {
  name: 'conditional changes',
  methods: [
    {
      id: 'withdraw',
      args: 'n',
      slots: 'n',
      say: '(withdraw|pay|consume|use|spend safely|pay out|buy|withdraw from S0|pay from S0|take if possible|use up|charge):, (take if enough|pay if possible|withdraw if enough|take from S0 if enough|try pay|can pay and pay|spend if possible):',
      sayNew: '(draw|cash out|debit|try to take):',
      note: [
        'take (it|the amount) from S0 if there is enough',
        'lower S0 by the amount unless there is too little',
        'true and less S0 when S0 covers it else false',
        'pay the amount from S0 if possible',
        'take it from S0 but only if S0 is enough',
        'false if S0 is too small otherwise take it and true',
        'S0 pays it if it can',
      ],
      noteNew: [
        'only when S0 suffices take it off',
        'refuse with false when S0 is too small',
        'S0 must not fall under zero by paying',
      ],
      purpose: 'take a from S0 if enough',
      body: ['if (a > self.S0) return false;', 'self.S0 = self.S0 - a;', FLAG, 'return true;'],
    },
    {
      id: 'safedec',
      slots: 'n',
      say: '(use one if any|take if any|down if any|try down|take one if left|decrement safely|eat one|safe decrement|fire|shoot), (use one if any|one less if any|take one if any|decrease if positive|lower unless zero|not below zero|dec if any)',
      sayNew: '(spend one if any|safe down|try decrement|one off if left)',
      note: [
        'take one from S0 unless it is zero',
        'lower S0 by one but not below zero',
        'S0 goes down to zero at most',
        'count S0 down and stop at zero',
        'one less but never below zero',
        'S0 goes down but not under zero',
        'take one from S0 if there is one',
      ],
      noteNew: [
        'S0 never gets negative when counting back',
        'only while S0 is left take one',
        'should answer S0 that is never under nought',
      ],
      purpose: 'take 1 from S0 not below 0',
      body: [
        'if (self.S0 > 0) {',
        '  self.S0 = self.S0 - 1;',
        '  self._p_changed = true;',
        '}',
        'return self.S0;',
      ],
    },
    {
      id: 'atleast',
      args: 'n',
      slots: 'n',
      say: '(raise to|set at least|at least|raise S0 to|keep at least|new record|record|set record|best|high score|max S0):, (raise to|S0 at least|record|keep best|keep highest|new best|best so far|highest so far):',
      sayNew: '(keep above|lift to|S0 no less than|personal best):',
      note: [
        'make S0 at least the number',
        'S0 becomes the number if that is larger',
        'keep the larger of S0 and the number',
        'raise S0 to the number when it is lower',
        'S0 keeps the highest',
        'raise S0 to it if it is more',
        'S0 becomes the larger of both',
      ],
      noteNew: [
        'S0 holds the record',
        'let S0 never be under what is given',
        'only a bigger number changes S0',
      ],
      purpose: 'raise S0 to at least a',
      body: ['self.S0 = Math.max(self.S0, a);', FLAG, 'return self.S0;'],
    },
  ],
}
