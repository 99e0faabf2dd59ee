/**
 * Python's pickles, as far as torch.save writes them (protocol 2 to 5): a stack machine that makes plain data. Python's own calls whatever a file
 * names; this one has nothing that could be called, and refuses all names but those of `knownNames.ts`.
 */
import { knownName } from './knownNames.js';
import { Machine } from './pickleMachine.js';
import { Dict, KnownName, kindOf, PickleError, type PickleValue, Placeholder, Tuple } from './pickleValues.js';

const newestProtocol = 5;

export interface Unpickled {
  value: PickleValue;
  /** Position after it. */
  end: number;
}

/**
 * Reads one pickle that begins at `start`. `persistent` says what a persistent id stands for (a storage). Throws PickleError, which gives the
 * byte, for one that is cut off, damaged, too long, or names anything that is not of weights.
 */
export function unpickle(bytes: Uint8Array, start: number, persistent: (id: PickleValue) => PickleValue): Unpickled {
  const machine = new Machine(bytes, start, persistent);
  try {
    for (let code = machine.operation(); code !== stop; code = machine.operation()) {
      const operation = operations[code];
      if (!operation)
        throw new PickleError(
          `operation 0x${code.toString(16).padStart(2, '0')} is none that torch.save writes: damaged, or no checkpoint`,
        );
      operation(machine);
    }
    return { value: machine.pop(), end: machine.end };
  } catch (error) {
    if (!(error instanceof PickleError)) throw error;
    throw new PickleError(`byte ${machine.at} of its pickle: ${error.message}`, { cause: error });
  }
}

function append(list: PickleValue, items: readonly PickleValue[]): void {
  if (list instanceof Placeholder) return;
  if (!Array.isArray(list)) throw new PickleError(`something is added to ${kindOf(list)}, expected a list`);
  for (const item of items) list.push(item);
}

function setItems(dict: PickleValue, items: readonly PickleValue[]): void {
  if (items.length % 2 !== 0) throw new PickleError('a key without a value');
  if (dict instanceof Placeholder) return;
  if (!(dict instanceof Dict)) throw new PickleError(`a key is set in ${kindOf(dict)}, expected a dict`);
  for (let i = 0; i < items.length; i += 2) dict.entries.set(items[i]!, items[i + 1]!);
}

/** Where Python would call: a name of the list makes what it stands for. */
function reduce(m: Machine): void {
  const args = m.pop();
  const called = m.pop();
  if (!(called instanceof KnownName)) throw new PickleError(`${kindOf(called)} would be called: refused`);
  if (!(args instanceof Tuple)) throw new PickleError(`${called.name} is given ${kindOf(args)}, expected a tuple`);
  const { meaning, name } = called;
  if (meaning.kind === 'storage') throw new PickleError(`${name} would be called: refused`);
  // A dict of many items, made again and again.
  for (const item of args.items) if (Array.isArray(item)) m.spend(item.length);
  m.push(meaning.kind === 'made' ? meaning.make(args.items) : new Placeholder(name));
}

/** What an object's class would do with its state. OrderedDicts have attributes (`_metadata`), of which nothing is needed. */
function build(object: PickleValue): void {
  if (!(object instanceof Placeholder || object instanceof Dict))
    throw new PickleError(`${kindOf(object)} would be given a state: refused`);
}

const refused = (what: string) => (): void => {
  throw new PickleError(`${what}, which torch.save does not write: refused`);
};

const stop = 0x2e;

/** By their codes; the names are those of Python's pickletools. */
const operations: Readonly<Record<number, (m: Machine) => void>> = {
  // PROTO, FRAME: the frames' lengths are of no use here.
  128: (m) => {
    const protocol = m.uint8();
    if (protocol > newestProtocol) throw new PickleError(`protocol ${protocol}, known are those up to ${newestProtocol}`);
  },
  149: (m) => void m.uint64(),
  // MARK, POP, POP_MARK, DUP
  40: (m) => m.mark(),
  48: (m) => void m.pop(),
  49: (m) => void m.popMark(),
  50: (m) => m.push(m.top()),
  // NONE, NEWTRUE, NEWFALSE
  78: (m) => m.push(null),
  136: (m) => m.push(true),
  137: (m) => m.push(false),
  // BININT, BININT1, BININT2, LONG1, BINFLOAT
  74: (m) => m.push(m.int32()),
  75: (m) => m.push(m.uint8()),
  77: (m) => m.push(m.uint16()),
  138: (m) => m.push(m.long(m.uint8())),
  71: (m) => m.push(m.float64()),
  // BINUNICODE, SHORT_BINUNICODE, BINUNICODE8; BINSTRING and SHORT_BINSTRING are Python 2's.
  88: (m) => m.push(m.string(m.uint32())),
  140: (m) => m.push(m.string(m.uint8())),
  141: (m) => m.push(m.string(m.uint64())),
  84: (m) => m.push(m.string(m.uint32())),
  85: (m) => m.push(m.string(m.uint8())),
  // BINBYTES, SHORT_BINBYTES
  66: (m) => m.push(m.take(m.uint32())),
  67: (m) => m.push(m.take(m.uint8())),
  // EMPTY_LIST, APPEND, APPENDS
  93: (m) => m.push([]),
  97: (m) => {
    const item = m.pop();
    append(m.top(), [item]);
  },
  101: (m) => {
    const items = m.popMark();
    append(m.top(), items);
  },
  // EMPTY_TUPLE, TUPLE, TUPLE1, TUPLE2, TUPLE3
  41: (m) => m.push(new Tuple([])),
  116: (m) => m.push(new Tuple(m.popMark())),
  133: (m) => m.push(new Tuple([m.pop()])),
  134: (m) => m.push(new Tuple([m.pop(), m.pop()].reverse())),
  135: (m) => m.push(new Tuple([m.pop(), m.pop(), m.pop()].reverse())),
  // EMPTY_DICT, SETITEM, SETITEMS
  125: (m) => m.push(new Dict()),
  115: (m) => {
    const item = [m.pop(), m.pop()].reverse();
    setItems(m.top(), item);
  },
  117: (m) => {
    const items = m.popMark();
    setItems(m.top(), items);
  },
  // BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET
  113: (m) => m.remember(m.uint8()),
  114: (m) => m.remember(m.uint32()),
  148: (m) => m.rememberNext(),
  104: (m) => m.recall(m.uint8()),
  106: (m) => m.recall(m.uint32()),
  // BINPERSID
  81: (m) => m.stored(),
  // GLOBAL, STACK_GLOBAL
  99: (m) => m.push(knownName(m.line(), m.line())),
  147: (m) => {
    const [name, module] = [m.pop(), m.pop()];
    if (typeof name !== 'string' || typeof module !== 'string') throw new PickleError('a name that is no text');
    m.push(knownName(module, name));
  },
  // REDUCE, NEWOBJ: an object made without a call is a placeholder, or empty.
  82: reduce,
  129: reduce,
  // BUILD
  98: (m) => {
    m.pop();
    build(m.top());
  },
  // INST, OBJ, NEWOBJ_EX, EXT1, EXT2, EXT4
  105: (m) => {
    const { name } = knownName(m.line(), m.line());
    refused(`an instance of ${name}`)();
  },
  111: refused('an instance (OBJ)'),
  146: refused('an instance (NEWOBJ_EX)'),
  130: refused('a name by number (EXT1)'),
  131: refused('a name by number (EXT2)'),
  132: refused('a name by number (EXT4)'),
};
