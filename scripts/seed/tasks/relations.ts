// What can be told of persons, things and places: how it is said, how it is asked, what a covenant calls it. Each has wordings
// to learn and wordings kept for the score. V stands for the value, E for the name; a predicate is what follows the name in a
// sentence, and a summary says it with the same words.

export type Kind = 'person' | 'thing' | 'place'

interface Wordings {
  readonly say: readonly string[]
  /** E is the name. */
  readonly ask: readonly string[]
}

export interface Relation {
  readonly of: readonly Kind[]
  readonly value: 'word' | 'place' | 'person' | 'number' | 'year' | 'words'
  readonly train: Wordings
  readonly heldout: Wordings
  /** What a covenant calls it. */
  readonly field: readonly string[]
}

const relation = (
  of: string,
  value: Relation['value'],
  field: string,
  train: readonly [string, string],
  heldout: readonly [string, string],
): Relation => {
  const wordings = ([say, ask]: readonly [string, string]) => ({ say: say.split('|'), ask: ask.split('|') })
  return {
    of: of.split(' ') as Kind[],
    value,
    field: field.split(' '),
    train: wordings(train),
    heldout: wordings(heldout),
  }
}

export const RELATIONS: readonly Relation[] = [
  relation(
    'person',
    'word',
    'sells goods product',
    ['sells V|has sold V for years', 'what does E sell|what is sold by E'],
    ['earns a living by selling V', 'which goods does E sell'],
  ),
  relation(
    'person',
    'place',
    'home city town',
    ['lives in V|has a house in V', 'where does E live|where is the house of E'],
    ['makes a home in V', 'in which town does E live'],
  ),
  relation(
    'person',
    'place',
    'birthplace origin',
    ['was born in V|comes from V', 'where was E born|where does E come from'],
    ['grew up in V', 'which place does E come from'],
  ),
  relation(
    'person',
    'number',
    'age years',
    ['is V years old|turned V this year', 'how old is E|what is the age of E in years'],
    ['has reached the age of V', 'how many years old is E'],
  ),
  relation(
    'person',
    'word',
    'instrument music',
    ['plays the V|learns to play the V', 'what does E play|which instrument does E play'],
    ['practises the V every evening', 'what can E play'],
  ),
  relation(
    'person',
    'person',
    'friend partner',
    ['is a friend of V|often meets V', 'who is a friend of E|whom does E meet'],
    ['has known V since school', 'who is known by E'],
  ),
  relation(
    'person',
    'words',
    'work job',
    ['works on V|is busy with V', 'what does E work on|with what is E busy'],
    ['spends the days on V', 'on what does E work'],
  ),
  relation(
    'person',
    'word',
    'likes favourite',
    ['likes V|is fond of V', 'what does E like|of what is E fond'],
    ['cannot get enough of V', 'what is liked by E'],
  ),
  relation(
    'person',
    'word',
    'studies subject',
    ['studies V|has a degree in V', 'what does E study|in what has E a degree'],
    ['wrote a book on V', 'about what did E write a book'],
  ),
  relation(
    'person',
    'place',
    'office desk',
    ['works in V|has an office in V', 'where does E work|where is the office of E'],
    ['can be found in V', 'where can E be found'],
  ),
  relation(
    'thing',
    'place',
    'station stand',
    ['stands in V|is used in V', 'where does E stand|where is E used'],
    ['was last seen in V', 'where was E last seen'],
  ),
  relation(
    'thing',
    'number',
    'price cost',
    ['costs V euros|is sold for V euros', 'how much does E cost|what is the price of E in euros'],
    ['is worth V euros', 'how many euros is E worth'],
  ),
  relation(
    'thing',
    'word',
    'material',
    ['is made of V|consists of V', 'of what is E made|of what does E consist'],
    ['was carved from V', 'from what was E carved'],
  ),
  relation(
    'thing',
    'number',
    'weight kilos',
    ['weighs V kilos|has a weight of V kilos', 'how much does E weigh|what is the weight of E'],
    ['brings V kilos to the scales', 'how many kilos has E'],
  ),
  relation(
    'thing',
    'person',
    'owner holder',
    ['belongs to V|is owned by V', 'to whom does E belong|who owns E'],
    ['is the property of V', 'whose property is E'],
  ),
  relation(
    'thing',
    'word',
    'purpose use',
    ['is used for V|serves for V', 'for what is E used|for what does E serve'],
    ['helps with V', 'with what does E help'],
  ),
  relation(
    'thing',
    'number',
    'port channel',
    ['listens on port V|runs on port V', 'on which port does E listen|on which port does E run'],
    ['answers at port V', 'at which port does E answer'],
  ),
  relation(
    'thing place',
    'year',
    'built founded',
    ['was built in V|dates from V', 'when was E built|from when does E date'],
    ['has stood since V', 'since when has E stood'],
  ),
  relation(
    'place',
    'number',
    'people inhabitants',
    ['has V inhabitants|is home to V people', 'how many inhabitants has E|to how many people is E home'],
    ['counts V citizens', 'how many citizens does E count'],
  ),
  relation(
    'place',
    'word',
    'known fame',
    ['is known for V|is famous for V', 'for what is E known|for what is E famous'],
    ['owes its fame to V', 'to what does E owe its fame'],
  ),
  relation(
    'place',
    'place',
    'near neighbour',
    ['lies near V|is close to V', 'where does E lie|near what is E'],
    ['can be seen from V', 'from where can E be seen'],
  ),
  relation(
    'place',
    'person',
    'mayor head',
    ['is led by V|has V as mayor', 'who leads E|who is mayor of E'],
    ['voted for V', 'for whom did E vote'],
  ),
  relation(
    'place',
    'word',
    'trade export',
    ['exports V|trades in V', 'what does E export|in what does E trade'],
    ['ships V everywhere', 'what is shipped by E'],
  ),
]
