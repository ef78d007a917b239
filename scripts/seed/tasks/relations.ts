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
    [
      'sells V|has sold V for years|trades in V|has a shop for V|sells V in the market',
      'what does E sell|what is sold by E|what can be bought from E|in what does E trade|what is in the shop of E',
    ],
    ['earns a living by selling V', 'which goods does E sell'],
  ),
  relation(
    'person',
    'place',
    'home city town',
    [
      'lives in V|has a house in V|has a home in V|moved to V|stays in V',
      'where does E live|where is the house of E|where is the home of E|in which city does E live|where does E stay',
    ],
    ['makes a home in V', 'in which town does E live'],
  ),
  relation(
    'person',
    'place',
    'birthplace origin',
    [
      'was born in V|comes from V|spent the childhood in V|is from V',
      'where was E born|where does E come from|from where is E|in which place was E born|where was E as a child',
    ],
    ['grew up in V', 'which place does E come from'],
  ),
  relation(
    'person',
    'number',
    'age years',
    [
      'is V years old|turned V this year|has the age of V|is V',
      'how old is E|what is the age of E in years|what age has E|how old is E this year',
    ],
    ['has reached the age of V', 'how many years old is E'],
  ),
  relation(
    'person',
    'word',
    'instrument music',
    [
      'plays the V|learns to play the V|practises the V|plays the V in a band',
      'what does E play|which instrument does E play|what does E practise|on which instrument is E good',
    ],
    ['practises the V every evening', 'what can E play'],
  ),
  relation(
    'person',
    'person',
    'friend partner',
    [
      'is a friend of V|often meets V|knows V well|went to school with V',
      'who is a friend of E|whom does E meet|whom does E know|who knows E|with whom did E go to school',
    ],
    ['has known V since school', 'who is known by E'],
  ),
  relation(
    'person',
    'words',
    'work job',
    [
      'works on V|is busy with V|spends much time on V|has a job with V',
      'what does E work on|with what is E busy|on what does E spend time|what is the job of E',
    ],
    ['spends the days on V', 'on what does E work'],
  ),
  relation(
    'person',
    'word',
    'likes favourite',
    [
      'likes V|is fond of V|loves V|never has enough of V',
      'what does E like|of what is E fond|what is loved by E|what does E love|of what has E never enough',
    ],
    ['cannot get enough of V', 'what is liked by E'],
  ),
  relation(
    'person',
    'word',
    'studies subject',
    [
      'studies V|has a degree in V|writes about V|reads books on V',
      'what does E study|in what has E a degree|about what does E write|on what does E read books',
    ],
    ['wrote a book on V', 'about what did E write a book'],
  ),
  relation(
    'person',
    'place',
    'office desk',
    [
      'works in V|has an office in V|is found in V by day|sits in V',
      'where does E work|where is the office of E|where is E found by day|where does E sit',
    ],
    ['can be found in V', 'where can E be found'],
  ),
  relation(
    'thing',
    'place',
    'station stand',
    [
      'stands in V|is used in V|is kept in V|was seen in V',
      'where does E stand|where is E used|where is E kept|where was E seen',
    ],
    ['was last seen in V', 'where was E last seen'],
  ),
  relation(
    'thing',
    'number',
    'price cost',
    [
      'costs V euros|is sold for V euros|has a price of V euros|can be had for V euros',
      'how much does E cost|what is the price of E in euros|how many euros does E cost|for how many euros can E be had',
    ],
    ['is worth V euros', 'how many euros is E worth'],
  ),
  relation(
    'thing',
    'word',
    'material',
    [
      'is made of V|consists of V|was made from V|is cut from V',
      'of what is E made|of what does E consist|from what was E made|from what is E cut',
    ],
    ['was carved from V', 'from what was E carved'],
  ),
  relation(
    'thing',
    'number',
    'weight kilos',
    [
      'weighs V kilos|has a weight of V kilos|is V kilos heavy',
      'how much does E weigh|what is the weight of E|how heavy is E|how many kilos does E weigh',
    ],
    ['brings V kilos to the scales', 'how many kilos has E'],
  ),
  relation(
    'thing',
    'person',
    'owner holder',
    [
      'belongs to V|is owned by V|is in the hands of V|was bought by V',
      'to whom does E belong|who owns E|who is the owner of E|who bought E|whose is E',
    ],
    ['is the property of V', 'whose property is E'],
  ),
  relation(
    'thing',
    'word',
    'purpose use',
    [
      'is used for V|serves for V|is good for V|is a help with V',
      'for what is E used|for what does E serve|for what is E good|with what is E a help',
    ],
    ['helps with V', 'with what does E help'],
  ),
  relation(
    'thing',
    'number',
    'port channel',
    [
      'listens on port V|runs on port V|is reached at port V',
      'on which port does E listen|on which port does E run|at which port is E reached|what is the port of E',
    ],
    ['answers at port V', 'at which port does E answer'],
  ),
  relation(
    'thing place',
    'year',
    'built founded',
    [
      'was built in V|dates from V|was made in V|stands since V',
      'when was E built|from when does E date|in which year was E made|since when does E stand',
    ],
    ['has stood since V', 'since when has E stood'],
  ),
  relation(
    'place',
    'number',
    'people inhabitants',
    [
      'has V inhabitants|is home to V people|has V citizens',
      'how many inhabitants has E|to how many people is E home|how many people live in E|how many citizens has E',
    ],
    ['counts V citizens', 'how many citizens does E count'],
  ),
  relation(
    'place',
    'word',
    'known fame',
    [
      'is known for V|is famous for V|is loved for its V|got its fame by V',
      'for what is E known|for what is E famous|for what is E loved|by what did E get its fame',
    ],
    ['owes its fame to V', 'to what does E owe its fame'],
  ),
  relation(
    'place',
    'place',
    'near neighbour',
    [
      'lies near V|is close to V|is an hour from V|can be reached from V',
      'where does E lie|near what is E|to what is E close|from where can E be reached',
    ],
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
    [
      'exports V|trades in V|sends V abroad',
      'what does E export|in what does E trade|what does E send abroad',
    ],
    ['ships V everywhere', 'what is shipped by E'],
  ),
]
