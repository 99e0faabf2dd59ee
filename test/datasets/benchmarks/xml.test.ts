import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseXml, type XmlElement } from '../../../src/datasets/benchmarks/xml.js';

describe('parseXml', () => {
  it('gives elements and text, and passes the rest over', () => {
    const text = `<?xml version="1.0"?>
<!-- made - by -- hand -->
<a:root version='1.0' note="x > y">
  <b.1/><c-2 k = "v" >1 &amp; 2</c-2><d>3<!-- 4 --><?p 5?>6</d >
</a:root>
`;
    const { tag, children } = parseXml(text);
    expect(tag).toBe('a:root');
    expect(children).toEqual([
      { tag: 'b.1', children: [], text: '' },
      { tag: 'c-2', children: [], text: '1 &amp; 2' },
      { tag: 'd', children: [], text: '36' },
    ]);
  });

  it('gives back every tree that is written', () => {
    const tree = (depth: number): fc.Arbitrary<XmlElement> =>
      fc.record({
        tag: fc.constantFrom('bbox', 'x', 'Y_1'),
        children: depth > 0 ? fc.array(tree(depth - 1), { maxLength: 3 }) : fc.constant([]),
        text: fc.string({ unit: fc.constantFrom('1', 'ä', ' ', '\n', '>', '"', '&'), maxLength: 4 }),
      });
    const written = ({ tag, children, text }: XmlElement): string =>
      `<${tag} n="1 > 0" m=''>${text}${children.map(written).join('')}</${tag}>`;
    fc.assert(
      fc.property(tree(4), (element) => {
        expect(parseXml(written(element))).toEqual(element);
      }),
    );
  });

  it.each([
    ['', 'line 1: expected one element around everything'],
    ['<a/><b/>', 'expected one element around everything'],
    ['text <a/>', 'expected one element around everything'],
    ['<a>\n<b></a>', 'line 2: expected the end of b, got </a>'],
    ['<a><b></b>', 'expected the end of a'],
    ['</a>', 'expected the end of the text, got </a>'],
    ['<a', 'expected an element, got "<a"'],
    ['<a b=c/>', 'expected an element'],
    ['<a><![CDATA[1]]></a>', 'expected an element'],
    ['<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>', 'expected an element, got "<!DOCTYPE'],
    ['<!-- open', 'expected an element'],
  ])('refuses %j', (text, message) => {
    expect(() => parseXml(text)).toThrow(SyntaxError);
    expect(() => parseXml(text)).toThrow(message);
  });

  it('refuses elements in each other without end', () => {
    expect(() => parseXml('<a>'.repeat(101))).toThrow('more than 100 elements in each other');
  });

  it('is done with long nonsense in time', () => {
    for (const part of [' ', ' a="1"', '-', '?', '<!--', '<?'])
      for (const start of ['<a', '<!--', '<?', '<a>']) expect(() => parseXml(start + part.repeat(200_000))).toThrow(SyntaxError);
  });
});
