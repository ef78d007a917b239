// Amounts as a person reads them.

/** `512 B`, `1.2 MB`; a thousand each. */
export function bytesOf(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const power = Math.min(4, Math.floor(Math.log10(bytes) / 3))
  return `${(bytes / 1000 ** power).toFixed(1)} ${['', 'k', 'M', 'G', 'T'][power]}B`
}

/** `1,200 revisions`. */
export const amountOf = (count: number, what: string): string => `${count.toLocaleString('en')} ${what}`

/** `40 s`, `12 min`, `3.5 h`. */
export function durationOf(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}
