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
      'sells V|has sold V for years|trades in V|has a shop for V|sells V in the market|lives by the sale of V|offers V to all who come',
      'what does E sell|what is sold by E|what can be bought from E|in what does E trade|what is in the shop of E|what does E offer|which things does E sell|by the sale of what does E live',
    ],
    ['earns a living by selling V', 'which goods does E sell'],
  ),
  relation(
    'person',
    'place',
    'home city town',
    [
      'lives in V|has a house in V|has a home in V|moved to V|stays in V|is at home in V|has made V a home',
      'where does E live|where is the house of E|where is the home of E|in which city does E live|where does E stay|in which village does E live|in what street does E live|where is E at home',
    ],
    ['makes a home in V', 'in which town does E live'],
  ),
  relation(
    'person',
    'place',
    'birthplace origin',
    [
      'was born in V|comes from V|spent the childhood in V|is from V|was brought up in V|was a child in V',
      'where was E born|where does E come from|from where is E|in which place was E born|where was E as a child|where did E spend the childhood|what place is E from|where was E brought up',
    ],
    ['grew up in V', 'which place does E come from'],
  ),
  relation(
    'person',
    'number',
    'age years',
    [
      'is V years old|turned V this year|has the age of V|is V|has been alive for V years|is in year V of life',
      'how old is E|what is the age of E in years|what age has E|how old is E this year|how many years has E lived|how many years is E alive|of what age is E',
    ],
    ['has reached the age of V', 'how many years old is E'],
  ),
  relation(
    'person',
    'word',
    'instrument music',
    [
      'plays the V|learns to play the V|practises the V|plays the V in a band|makes music on the V|practises the V at night',
      'what does E play|which instrument does E play|what does E practise|on which instrument is E good|on what does E make music|what is played by E|what music can E make',
    ],
    ['practises the V every evening', 'what can E play'],
  ),
  relation(
    'person',
    'person',
    'friend partner',
    [
      'is a friend of V|often meets V|knows V well|went to school with V|has been a friend of V since last year|shares a secret with V',
      'who is a friend of E|whom does E meet|whom does E know|who knows E|with whom did E go to school|with whom does E share a secret|who is a friend to E|whose friend is E',
    ],
    ['has known V since school', 'who is known by E'],
  ),
  relation(
    'person',
    'words',
    'work job',
    [
      'works on V|is busy with V|spends much time on V|has a job with V|fills the week with V|gives all hours to V',
      'what does E work on|with what is E busy|on what does E spend time|what is the job of E|at what does E work|what fills the week of E|what work does E do',
    ],
    ['spends the days on V', 'on what does E work'],
  ),
  relation(
    'person',
    'word',
    'likes favourite',
    [
      'likes V|is fond of V|loves V|never has enough of V|is mad about V|cannot live without V|enjoys V',
      'what does E like|of what is E fond|what is loved by E|what does E love|of what has E never enough|what does E enjoy|about what is E mad|what is enjoyed by E|without what can E not live',
    ],
    ['cannot get enough of V', 'what is liked by E'],
  ),
  relation(
    'person',
    'word',
    'studies subject',
    [
      'studies V|has a degree in V|writes about V|reads books on V|gave a talk on V|wrote a letter on V',
      'what does E study|in what has E a degree|about what does E write|on what does E read books|on what did E give a talk|about what did E write a letter|what is studied by E',
    ],
    ['wrote a book on V', 'about what did E write a book'],
  ),
  relation(
    'person',
    'place',
    'office desk',
    [
      'works in V|has an office in V|is found in V by day|sits in V|can be met in V|goes to V each morning',
      'where does E work|where is the office of E|where is E found by day|where does E sit|where can E be met|in which place does E work|where does E go each morning',
    ],
    ['can be found in V', 'where can E be found'],
  ),
  relation(
    'thing',
    'place',
    'station stand',
    [
      'stands in V|is used in V|is kept in V|was seen in V|was last used in V|can be visited in V',
      'where does E stand|where is E used|where is E kept|where was E seen|where was E last used|in which place does E stand|where can E be visited',
    ],
    ['was last seen in V', 'where was E last seen'],
  ),
  relation(
    'thing',
    'number',
    'price cost',
    [
      'costs V euros|is sold for V euros|has a price of V euros|can be had for V euros|was bought for V euros|goes for V euros',
      'how much does E cost|what is the price of E in euros|how many euros does E cost|for how many euros can E be had|how many euros was E bought for|for how many euros is E sold|what does E cost in euros',
    ],
    ['is worth V euros', 'how many euros is E worth'],
  ),
  relation(
    'thing',
    'word',
    'material',
    [
      'is made of V|consists of V|was made from V|is cut from V|was cast from V|is all V inside',
      'of what is E made|of what does E consist|from what was E made|from what is E cut|from what was E cast|what is E made of|out of what is E made',
    ],
    ['was carved from V', 'from what was E carved'],
  ),
  relation(
    'thing',
    'number',
    'weight kilos',
    [
      'weighs V kilos|has a weight of V kilos|is V kilos heavy|comes to V kilos|needs V kilos on the other side',
      'how much does E weigh|what is the weight of E|how heavy is E|how many kilos does E weigh|to how many kilos does E come|what does E weigh in kilos|how many kilos heavy is E',
    ],
    ['brings V kilos to the scales', 'how many kilos has E'],
  ),
  relation(
    'thing',
    'person',
    'owner holder',
    [
      'belongs to V|is owned by V|is in the hands of V|was bought by V|is a possession of V|was given to V',
      'to whom does E belong|who owns E|who is the owner of E|who bought E|whose is E|whose possession is E|to whom was E given|by whom is E owned',
    ],
    ['is the property of V', 'whose property is E'],
  ),
  relation(
    'thing',
    'word',
    'purpose use',
    [
      'is used for V|serves for V|is good for V|is a help with V|does good work with V|is there for V',
      'for what is E used|for what does E serve|for what is E good|with what is E a help|with what does E do good work|for what is E there|what is E used for',
    ],
    ['helps with V', 'with what does E help'],
  ),
  relation(
    'thing',
    'number',
    'port channel',
    [
      'listens on port V|runs on port V|is reached at port V|speaks through port V|has port V open',
      'on which port does E listen|on which port does E run|at which port is E reached|what is the port of E|through which port does E speak|which port has E open|on what port is E',
    ],
    ['answers at port V', 'at which port does E answer'],
  ),
  relation(
    'thing place',
    'year',
    'built founded',
    [
      'was built in V|dates from V|was made in V|stands since V|was there in V already|has been here since V',
      'when was E built|from when does E date|in which year was E made|since when does E stand|since when has E been here|in what year was E built|when was E made',
    ],
    ['has stood since V', 'since when has E stood'],
  ),
  relation(
    'place',
    'number',
    'people inhabitants',
    [
      'has V inhabitants|is home to V people|has V citizens|has a people of V|numbers V citizens',
      'how many inhabitants has E|to how many people is E home|how many people live in E|how many citizens has E|how many citizens does E number|how large is the people of E|how many people are there in E',
    ],
    ['counts V citizens', 'how many citizens does E count'],
  ),
  relation(
    'place',
    'word',
    'known fame',
    [
      'is known for V|is famous for V|is loved for its V|got its fame by V|has its name from V|is praised for V',
      'for what is E known|for what is E famous|for what is E loved|by what did E get its fame|for what is E praised|from what has E its name|what is E known for',
    ],
    ['owes its fame to V', 'to what does E owe its fame'],
  ),
  relation(
    'place',
    'place',
    'near neighbour',
    [
      'lies near V|is close to V|is an hour from V|can be reached from V|can be heard from V|has V as neighbour',
      'where does E lie|near what is E|to what is E close|from where can E be reached|from where can E be heard|which place is near E|what has E as neighbour',
    ],
    ['can be seen from V', 'from where can E be seen'],
  ),
  relation(
    'place',
    'person',
    'mayor head',
    [
      'is led by V|has V as mayor|chose V as head|follows V|is governed by V',
      'who leads E|who is mayor of E|who is head of E|whom did E choose|whom does E follow|who governs E|by whom is E led',
    ],
    ['voted for V', 'for whom did E vote'],
  ),
  relation(
    'place',
    'word',
    'trade export',
    [
      'exports V|trades in V|sends V abroad|sells V to everyone|brings V to the world|ships V by night',
      'what does E export|in what does E trade|what does E send abroad|what is exported by E|what does E sell|what does E bring to the world|what does E ship',
    ],
    ['ships V everywhere', 'what is shipped by E'],
  ),
]
