const kept: object[] = [];

/**
 * For a class whose instances all go with a query: V8 forgets the shape of objects when a collection finds none of them,
 * and throws away all code that was optimized for it. One instance that stays keeps it: a search takes two thirds of the time.
 */
export function keepShape(instance: object): void {
  kept.push(instance);
}
