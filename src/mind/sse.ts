// Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), as far as model servers use them: the
// `data` of each event, its lines joined; comments, event names and ids are passed over.

/** The data of each event in a stream of bytes; an event that the stream ends in the middle of is not given. */
export async function* eventsOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder()
  let rest = ''
  let data: string[] = []
  for await (const piece of bytes) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop()!
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield data.join('\n')
        data = []
      } else if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5))
    }
  }
}
