/** What a file says about itself can hold anything, a terminal's control characters too. */
export function printable(value: string): string {
  return JSON.stringify(value.slice(0, 80));
}
