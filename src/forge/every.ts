/** Answers true once in so many seconds, at the earliest after the first so many. */
export function every(seconds: number): () => boolean {
  let last = performance.now()
  return () => {
    const now = performance.now()
    if (now - last < seconds * 1000) return false
    last = now
    return true
  }
}
