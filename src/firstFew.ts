/** Long lists in messages. */

/** The first so many of them and, where there are others, `and N more`. */
export const firstFew = (items: readonly string[], most: number): readonly string[] =>
  items.length > most ? [...items.slice(0, most), `and ${items.length - most} more`] : items;
