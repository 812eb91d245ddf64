/** The id, numbered where another network of the study has it. */
export function freeKey(id: string, others: readonly { readonly key: string }[]): string {
  let key = id;
  for (let n = 2; others.some((other) => other.key === key); n++) key = `${id}-${n}`;
  return key;
}
