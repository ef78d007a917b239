// The pieces of an answer on their way to the engine. A message a token would cost a quick model a sixth of its speed, so a
// piece that comes within a frame of the last message goes with the next one; nobody could read it sooner. A slow model's
// pieces are sent as they come. Nothing waits for a timer: the next token or the end of the answer takes along what is held.

const frameMs = 33

export interface PieceStream {
  push(text: string): void
  /** Sends what is held. */
  end(): void
}

/** `now` in milliseconds. */
export function makePieceStream(send: (text: string) => void, now: () => number): PieceStream {
  let held = ''
  let sentAt = Number.NEGATIVE_INFINITY
  const end = () => {
    if (held !== '') send(held)
    held = ''
  }
  return {
    push(text) {
      held += text
      const moment = now()
      if (held === '' || moment - sentAt < frameMs) return
      end()
      sentAt = moment
    },
    end,
  }
}
