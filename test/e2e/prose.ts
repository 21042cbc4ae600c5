const WORDS = (
  'river stone morning letter garden engine winter candle market bridge copper window island doctor thunder ' +
  'pepper harbor violin ladder cotton planet tunnel saddle mirror basket anchor pillow rocket silver meadow'
).split(' ');

/** Prose that is the same in every run: paragraphs of about 80 words, each unlike the others. */
export function paragraphs(count: number, seed = 1): string {
  let state = seed;
  const next = () => (state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff);
  const paragraph = () =>
    Array.from({ length: 8 }, () => {
      const words = Array.from({ length: 10 }, () => WORDS[(next() >> 8) % WORDS.length]!);
      return `The ${words.join(' ')}.`;
    }).join(' ');
  return Array.from({ length: count }, (_, index) => `Paragraph ${seed}-${index}. ${paragraph()}`).join(
    '\n\n',
  );
}
