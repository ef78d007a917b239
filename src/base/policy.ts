/** Who decides on new methods of an object: they are installed when they pass, wait for a word, or are not written. */
export const policies = ['auto', 'propose', 'off'] as const
export type Policy = (typeof policies)[number]

export const isPolicy = (value: unknown): value is Policy => policies.some((one) => one === value)
