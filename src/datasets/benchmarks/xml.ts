/** XML as programs write it for data: elements in each other, with text in the innermost. */

export interface XmlElement {
  tag: string;
  children: XmlElement[];
  /** The text directly in it, as it is written: entities are not replaced. */
  text: string;
}

/** Elements in each other; annotations have four. */
const deepest = 100;
const passedOver = /<\?[^?]*(?:\?(?!>)[^?]*)*\?>|<!--[^-]*(?:-(?!->)[^-]*)*-->/y;
const startTag = /<([A-Za-z_][\w:.-]*)(?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(\/?)>/y;
const endTag = /<\/([A-Za-z_][\w:.-]*)\s*>/y;
const content = /[^<]+/y;

/**
 * The root element. Attributes, comments and processing instructions are passed over; document types and CDATA are not read, so nothing
 * outside the text can come in. Throws SyntaxError, naming the line, for what is no such XML.
 */
export function parseXml(text: string): XmlElement {
  const document: XmlElement = { tag: '', children: [], text: '' };
  const open = [document];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  const fail = (what: string): never => {
    throw new SyntaxError(`line ${text.slice(0, at).split('\n').length}: ${what}`);
  };
  while (at < text.length) {
    const inside = open.at(-1)!;
    const words = take(content);
    if (words !== null) {
      inside.text += words[0];
      continue;
    }
    if (take(passedOver) !== null) continue;
    const end = take(endTag);
    if (end !== null) {
      if (end[1] !== inside.tag) fail(`expected the end of ${inside.tag || 'the text'}, got </${end[1]}>`);
      open.pop();
      continue;
    }
    const start = take(startTag) ?? fail(`expected an element, got ${JSON.stringify(text.slice(at, at + 20))}`);
    const element: XmlElement = { tag: start[1]!, children: [], text: '' };
    inside.children.push(element);
    if (start[2] === '') open.push(element);
    if (open.length > deepest) fail(`more than ${deepest} elements in each other`);
  }
  if (open.length > 1) fail(`expected the end of ${open.at(-1)!.tag}`);
  const [root, ...others] = document.children;
  if (root === undefined || others.length > 0 || document.text.trim() !== '') fail('expected one element around everything');
  return root!;
}
