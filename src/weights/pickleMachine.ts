/** The stack machine that pickles are programs of: its memory, and how it reads the bytes. */
import { PickleError, type PickleValue } from './pickleValues.js';

/** Steps of the machine: a checkpoint with an optimizer's state takes some ten thousand. */
const mostSteps = 2_000_000;
/** Of a module's or class's name. */
const longestName = 1000;

const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class Machine {
  /** Of the operation that is being done. */
  at: number;
  private readonly view: DataView;
  private readonly stack: PickleValue[] = [];
  /** Heights of the stack where marks lie. */
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, PickleValue>();
  private next: number;
  private steps = 0;

  constructor(
    private readonly bytes: Uint8Array,
    start: number,
    private readonly persistent: (id: PickleValue) => PickleValue,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.next = start;
    this.at = start;
  }

  /** The next operation's code. */
  operation(): number {
    this.at = this.next;
    this.spend(1);
    return this.uint8();
  }

  /** Counts steps, so that no file keeps the machine busy for long or makes much out of little. */
  spend(steps: number): void {
    this.steps += steps;
    if (this.steps > mostSteps)
      throw new PickleError(`more than ${mostSteps} operations: no checkpoint of weights is that large`);
  }

  /** Position after what was read. */
  get end(): number {
    return this.next;
  }

  /** Passes over so many bytes; gives where they begin. */
  private skip(length: number): number {
    const from = this.next;
    if (length > this.bytes.length - from) throw new PickleError('the file is cut off here, or damaged');
    this.next += length;
    return from;
  }

  take = (length: number): Uint8Array => {
    const from = this.skip(length);
    return this.bytes.subarray(from, from + length);
  };
  uint8 = (): number => this.view.getUint8(this.skip(1));
  uint16 = (): number => this.view.getUint16(this.skip(2), true);
  uint32 = (): number => this.view.getUint32(this.skip(4), true);
  int32 = (): number => this.view.getInt32(this.skip(4), true);
  uint64 = (): number => Number(this.view.getBigUint64(this.skip(8), true));
  float64 = (): number => this.view.getFloat64(this.skip(8), false);

  /** Little endian, in two's complement; a number where that is exact. */
  long(length: number): number | bigint {
    const bytes = this.take(length);
    const digits = [...bytes].reverse().map((byte) => byte.toString(16).padStart(2, '0'));
    const value = BigInt.asIntN(8 * length, BigInt(`0x${digits.join('') || '0'}`));
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  string(length: number): string {
    const bytes = this.take(length);
    try {
      return text.decode(bytes);
    } catch {
      throw new PickleError('a text is no UTF-8');
    }
  }

  line(): string {
    const end = this.bytes.subarray(this.next, this.next + longestName + 1).indexOf(0x0a);
    if (end < 0) throw new PickleError(`expected a name of at most ${longestName} characters and the end of its line`);
    const name = this.string(end);
    this.skip(1);
    return name;
  }

  push(value: PickleValue): void {
    this.stack.push(value);
  }

  pop(): PickleValue {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) throw new PickleError('there is no value where one is needed');
    return this.stack.pop()!;
  }

  /** The value on top, which stays there. */
  top(): PickleValue {
    const value = this.pop();
    this.push(value);
    return value;
  }

  mark(): void {
    this.marks.push(this.stack.length);
  }

  /** Everything above the last mark. */
  popMark(): PickleValue[] {
    const height = this.marks.pop();
    if (height === undefined) throw new PickleError('there is no mark where one is needed');
    return this.stack.splice(height);
  }

  remember(index: number): void {
    this.memo.set(index, this.top());
  }

  rememberNext(): void {
    this.remember(this.memo.size);
  }

  recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw new PickleError(`value ${index} is used before it is there`);
    this.push(value);
  }

  stored(): void {
    this.push(this.persistent(this.pop()));
  }
}
