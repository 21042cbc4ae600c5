/** What is left of a word when its common English endings go; words hold only letters, digits and `_`. */
export function stem(word: string): string {
  const cut = word.replace(/(?:ing|ies|ed|es|s|e|y)$/u, '');
  return cut.length >= 3 ? cut : word;
}
