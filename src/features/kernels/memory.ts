/** The WebAssembly module of this thread and its memory, laid out anew for every call. */
import { kernelsWasm } from './kernels.wasm.js';

/** What assembly/index.ts exports; addresses are bytes. */
export interface Kernels {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  spectrogram(
    samples: number,
    out: number,
    columns: number,
    bins: number,
    hop: number,
    count: number,
    detrend: boolean,
    window: number,
    twiddles: number,
    order: number,
    turns: number,
    gain: number,
    bands: number,
    scratch: number,
    power: number,
    added: number,
    least: number,
    factor: number,
  ): void;
  normalize(source: number, count: number, affine: number, out: number, plane: number): void;
  resampleRows(
    source: number,
    sourcePitch: number,
    out: number,
    outPitch: number,
    rows: number,
    width: number,
    table: number,
    pairs: number,
  ): void;
  resampleColumns(
    source: number,
    sourcePitch: number,
    out: number,
    outPitch: number,
    height: number,
    table: number,
    pairs: number,
  ): void;
  resizeRow(
    row0: number,
    row1: number,
    row2: number,
    row3: number,
    weights: number,
    sourceWidth: number,
    line: number,
    table: number,
    width: number,
    out: number,
    plane: number,
  ): void;
}

// TypeScript knows WebAssembly as a part of the browser's document library only.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: unknown };
};

const pageBytes = 2 ** 16;
/** As the module declares it: 1 GiB. */
const mostBytes = 2 ** 30;

let instance: Kernels | undefined;

/** The module, compiled when first needed. */
function kernels(): Kernels {
  if (!instance) {
    const bytes = Uint8Array.from(atob(kernelsWasm), (character) => character.charCodeAt(0));
    instance = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Kernels;
  }
  return instance;
}

/** Hands out pieces of the memory one after the other, aligned for vectors, then opens them all. */
export class Layout {
  #end = 0;
  readonly #placed: { at: number; data: ArrayBufferView }[] = [];

  /** Address of a piece of so many bytes. */
  take(bytes: number): number {
    const at = this.#end;
    this.#end = Math.ceil((at + bytes) / 16) * 16;
    return at;
  }

  /** Address of a piece that will hold a copy of the data. */
  place(data: ArrayBufferView): number {
    const at = this.take(data.byteLength);
    this.#placed.push({ at, data });
    return at;
  }

  /**
   * The module with enough memory for all pieces; those taken hold whatever the last call left there. `what` names the work in
   * the RangeError thrown when it is beyond the memory's limit.
   */
  open(what: string): Kernels {
    const module = kernels();
    if (this.#end > mostBytes)
      throw new RangeError(
        `${what} needs ${Math.ceil(this.#end / 2 ** 20)} MiB at once, the limit is ${mostBytes / 2 ** 20}: ask for a smaller result`,
      );
    const missing = this.#end - module.memory.buffer.byteLength;
    if (missing > 0) module.memory.grow(Math.ceil(missing / pageBytes));
    const bytes = new Uint8Array(module.memory.buffer);
    for (const { at, data } of this.#placed) bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    return module;
  }
}
