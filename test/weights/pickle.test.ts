/** The pickle reader against Python's own pickles, and against pickles that want to run something. */
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { unpickle } from '../../src/weights/pickle.js';
import { Dict, KnownName, PickleError, type PickleValue, Placeholder, Tuple } from '../../src/weights/pickleValues.js';
import { golden } from '../graph/golden.js';
import { bytes, dict, int, pickle, text, tuple } from './torchFiles.js';

const { pickles } = golden<{ pickles: string[] }>('checkpoints');

const none = (): never => {
  throw new PickleError('no storages here');
};
const read = (content: Uint8Array): PickleValue => unpickle(content, 0, none).value;

/** As plain JavaScript: dicts are lists of pairs. */
function plain(value: PickleValue): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Tuple) return { tuple: value.items.map(plain) };
  if (value instanceof Dict) return { dict: [...value.entries].map(([key, entry]) => [key, plain(entry)]) };
  return value;
}

describe('pickles of Python', () => {
  it.each(pickles.map((file, i) => [i + 2, file] as const))('protocol %i', (_, file) => {
    const t = (...items: unknown[]) => ({ tuple: items });
    expect(plain(read(inflateSync(Buffer.from(file, 'base64'))))).toEqual({
      dict: [
        ['none', null],
        ['yes', true],
        ['no', false],
        ['small', 7],
        ['word', 40_000],
        ['negative', -5],
        ['long', 2 ** 40],
        ['huge', -(2n ** 70n)],
        ['real', -0.1],
        ['text', 'ÄÄÄ'],
        ['longText', 'x'.repeat(300)],
        ['list', [1, [2, []], 'again', 'again']],
        ['tuples', t(t(), t(1), t(1, 2), t(1, 2, 3), t(1, 2, 3, 4))],
        [
          'ordered',
          {
            dict: [
              ['a', 1],
              ['b', { dict: [] }],
            ],
          },
        ],
        [
          'numbers',
          {
            dict: [
              [1, 'one'],
              [2, 'two'],
            ],
          },
        ],
        ['long list', Array.from({ length: 1200 }, (_, i) => i)],
      ],
    });
  });

  it.each(pickles)('that are cut off anywhere are refused', (file) => {
    const whole = inflateSync(Buffer.from(file, 'base64'));
    for (let end = 0; end < whole.length; end += 7) expect(() => read(whole.subarray(0, end))).toThrow(PickleError);
  });
});

describe('a pickle that would run something', () => {
  const command = () => text('touch ran');
  const named = new Placeholder('argparse.Namespace');
  const alone = new KnownName('argparse.Namespace', { kind: 'placeholder' });
  /** Pickles that call `module.name`, and what they are with argparse.Namespace, which stands on the list: a value, or why not. */
  const calls: [string, (module: string, name: string) => Uint8Array, unknown][] = [
    ['REDUCE', (m, n) => bytes(`c${m}\n${n}\n`, tuple(command()), 'R'), named],
    ['GLOBAL alone', (m, n) => bytes(`c${m}\n${n}\n`), alone],
    ['STACK_GLOBAL', (m, n) => bytes(text(m), text(n), 0x93, tuple(command()), 'R'), named],
    ['a name out of the memo', (m, n) => bytes(text(n), 'q', 0, text(m), 'h', 0, 0x93, tuple(command()), 'R'), named],
    ['INST', (m, n) => bytes('(', command(), `i${m}\n${n}\n`), 'an instance of argparse.Namespace'],
    ['OBJ', (m, n) => bytes(`(c${m}\n${n}\n`, command(), 'o'), 'an instance (OBJ)'],
    ['NEWOBJ', (m, n) => bytes(`c${m}\n${n}\n`, tuple(command()), 0x81), named],
    ['NEWOBJ_EX', (m, n) => bytes(`c${m}\n${n}\n`, tuple(command()), '}', 0x92), 'an instance (NEWOBJ_EX)'],
    ['within a list', (m, n) => bytes(']', `c${m}\n${n}\n`, tuple(command()), 'Ra'), [named]],
  ];

  it.each(calls)('is refused by the name, and by nothing else: %s', (_, of, allowed) => {
    expect(() => read(pickle(of('posix', 'system')))).toThrow(/names "posix\.system".*nothing of the file was run.*torch\.save/s);
    const other = pickle(of('argparse', 'Namespace'));
    if (typeof allowed === 'string') expect(() => read(other)).toThrow(allowed);
    else expect(read(other)).toEqual(allowed);
  });

  it.each([
    ['long', 'x'.repeat(5_000_000), 5_000_003],
    ['of what terminals obey', '\u009b2J', 6],
    ['of two lines', 'a\nb', 6],
  ])('with a name that is %s is refused by its length', (_, name, length) => {
    const call = () => read(pickle(bytes(text('os'), text(name), 0x93)));
    expect(call).toThrow(`names (a name of ${length} characters)`);
    expect(call).toThrow(/^[\x20-\x7e]{1,400}$/);
  });

  it.each([
    ['os', 'system'],
    ['builtins', 'eval'],
    ['__builtin__', 'exec'],
    ['builtins', 'getattr'],
    ['subprocess', 'Popen'],
    ['numpy.core.multiarray', '_reconstruct'],
    ['torch.storage', '_load_from_bytes'],
    ['torch', 'load'],
    ['torch._utils', '_rebuild_tensor_v2.__globals__'],
    ['collections', 'OrderedDict.__init__'],
    ['', 'toString'],
    ['__proto__', 'constructor'],
  ])('names %s.%s, which is refused', (module, name) => {
    const shown = JSON.stringify(`${module}.${name}`).replaceAll('.', '\\.');
    expect(() => read(pickle(bytes(`c${module}\n${name}\n`)))).toThrow(new RegExp(`names ${shown}`));
    expect(() => read(pickle(bytes(text(module), text(name), 0x93)))).toThrow(new RegExp(`names ${shown}`));
  });

  it('BUILD with a class whose __setstate__ would run is refused at the class', () => {
    const content = bytes('cevil\nState\n', ')', 0x81, dict(['command', command()]), 'b');
    expect(() => read(pickle(content))).toThrow('names "evil.State"');
  });

  it('what is known is only made, never called with more', () => {
    const namespace = bytes('cargparse\nNamespace\n', ')', 0x81, dict(['tau', int(3)]), 'b');
    expect(read(pickle(namespace))).toEqual(new Placeholder('argparse.Namespace'));
    expect(() => read(pickle(bytes('ctorch\nFloatStorage\n', tuple(int(1)), 'R')))).toThrow('torch.FloatStorage would be called');
    expect(() => read(pickle(bytes(text('posix.system'), tuple(command()), 'R')))).toThrow('a string would be called');
    expect(() => read(pickle(bytes(namespace, tuple(command()), 'R')))).toThrow(
      'an object of argparse.Namespace would be called',
    );
    expect(() => read(pickle(bytes(']', '}', 'b')))).toThrow('a list would be given a state');
    expect(() => read(pickle(bytes('(icollections\nOrderedDict\n')))).toThrow('an instance of collections.OrderedDict');
  });
});

describe('a damaged pickle', () => {
  it.each<[string, Uint8Array, string]>([
    ['no value', pickle(bytes()), 'there is no value'],
    ['a value below the mark', pickle(bytes('N(0')), 'there is no value'],
    ['no mark', pickle(bytes('Nt')), 'there is no mark'],
    ['a value that is not there yet', pickle(bytes('h', 5)), 'value 5 is used before it is there'],
    ['a key without a value', pickle(bytes('}(', text('a'), 'u')), 'a key without a value'],
    ['an item for no list', pickle(bytes('NNa')), 'added to None'],
    ['an item for no dict', pickle(bytes(']NNs')), 'set in a list'],
    ['an unknown operation', pickle(bytes('I1\n')), 'operation 0x49'],
    ['EXT1', pickle(bytes(0x82, 1)), 'EXT1'],
    ['no UTF-8', pickle(bytes('X', 1, 0, 0, 0, 0xff)), 'no UTF-8'],
    ['a protocol to come', bytes(0x80, 6, 'N.'), 'protocol 6'],
    ['a text longer than the file', pickle(bytes('X', 0xff, 0xff, 0xff, 0x7f)), 'cut off'],
    ['a name without an end', pickle(bytes(`c${'x'.repeat(5000)}`)), 'a name of at most 1000'],
    ['a storage where none can be', pickle(bytes('NQ')), 'no storages here'],
  ])('%s', (_, content, message) => {
    expect(() => read(content)).toThrow(message);
    expect(() => read(content)).toThrow(/^byte \d+ of its pickle: /);
  });

  it('that never ends has an end', () => {
    expect(() => read(pickle(new Uint8Array(3_000_000).fill(0x28)))).toThrow('more than 2000000 operations');
    // One list of pairs, of which dicts are made again and again.
    const pair = bytes(']', text('a'), 'a', 'N', 'a');
    const pairs = bytes(']q', 0, '(', ...new Array(1000).fill(pair), 'e0');
    const again = bytes('ccollections\nOrderedDict\n', 'h', 0, 0x85, 'R');
    expect(() => read(pickle(bytes(pairs, ...new Array(3000).fill(again))))).toThrow('more than 2000000 operations');
  });
});
