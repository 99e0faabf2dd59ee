/** Comma- or tab-separated text (RFC 4180). */

export interface CsvRow {
  /** Of the row's first character, from 1. */
  line: number;
  fields: string[];
}

/**
 * The rows of a text: fields in double quotes may hold separators, line ends and doubled quotes; lines end with LF or CRLF; blank lines
 * and lines that begin with `#` are passed over. A quote that is not closed, or text after the closing one, is a SyntaxError naming the
 * line.
 */
export function* csvRows(text: string, separator: ',' | '\t'): Generator<CsvRow> {
  const plain = separator === ',' ? /[^,\r\n]*/y : /[^\t\r\n]*/y;
  const lineEnd = /\r\n|\n|\r/y;
  const passedOver = /(?:#[^\r\n]*|[ \t]*)(?:\r\n|\n|\r|$)/y;
  let at = 0;
  let line = 1;
  /** What the pattern finds at `at`, which moves behind it. */
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  while (at < text.length) {
    if (take(passedOver) !== null) {
      line++;
      continue;
    }
    const row: CsvRow = { line, fields: [] };
    for (;;) {
      if (text[at] === '"') {
        const end = closingQuote(text, at + 1);
        if (end < 0) throw new SyntaxError(`line ${line}: a quote that is not closed`);
        const quoted = text.slice(at + 1, end);
        row.fields.push(quoted.replaceAll('""', '"'));
        line += quoted.split('\n').length - 1;
        at = end + 1;
      } else row.fields.push(take(plain)![0]);
      if (text[at] !== separator) break;
      at++;
    }
    if (at < text.length && take(lineEnd) === null)
      throw new SyntaxError(
        `line ${line}: expected a separator or the end of the line after a quoted field, got ${JSON.stringify(text[at])}`,
      );
    line++;
    yield row;
  }
}

/** Where the first quote from `from` on is that is not doubled, or -1. No pattern: long fields would overflow its stack. */
function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}
