import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inputsOf } from '../../src/mind/briefs.ts'
import { slotLinker } from '../../src/mind/slot-link.ts'

test('a slot is named whole where all words of its name stand side by side, in any spelling and number', () => {
  const linkOf = slotLinker('addToHighScores_')
  assert.equal(linkOf('high_score'), 'whole')
  assert.equal(linkOf('highScores'), 'whole')
  assert.equal(linkOf('scores'), 'whole')
  assert.equal(linkOf('score_high'), 'part')
  assert.equal(linkOf('high'), 'whole')
  assert.equal(linkOf('total_score'), 'part')
  assert.equal(linkOf('hi'), 'none')
})

test('an intent names slots as a selector does', () => {
  const linkOf = slotLinker('do_it', 'take the lastName, and the Price of it.')
  assert.equal(linkOf('last_name'), 'whole')
  assert.equal(linkOf('price'), 'whole')
  assert.equal(linkOf('name'), 'whole')
  assert.equal(linkOf('first_name'), 'part')
  assert.equal(linkOf('pricey'), 'none')
})

test('a compact prompt says before each slot whether it was asked for, and of what kind it is', () => {
  const brief = {
    receiver: 'shop',
    slots: { max_price: 9, price: 3, owner: 'Ada' },
    selector: 'double_price',
    args: [],
  }
  assert.equal(inputsOf(brief).typed_slots, '~n self.max_price=9\n+n self.price=3\nt self.owner="Ada"')
})
