/** What a session and its worker say to each other. */
import type { MaskPort, Port } from '../graph/lower/lowered.js';
import type { Tensors } from './ports.js';

export type ExecutionProvider = 'cpu' | 'webgpu' | 'cuda';

/** Where random masks stand: run number `counter` of `seed`. The same state draws the same masks. */
export interface RandomState {
  seed: number;
  counter: number;
}

/** A tensor kept in the worker from run to run. */
export interface StatePort {
  readonly port: Port;
  /** The output that holds its next value; without one it changes only by `setState`. */
  readonly next?: string;
  /** The next value is written over the present one. */
  readonly inPlace: boolean;
}

export interface ModelSpec {
  readonly name: string;
  readonly model: Uint8Array<ArrayBuffer>;
  readonly externalData?: { readonly path: string; readonly data: Uint8Array<ArrayBuffer> };
  readonly inputs: readonly Port[];
  readonly state: readonly StatePort[];
  readonly masks: readonly MaskPort[];
  readonly outputs: readonly Port[];
  readonly executionProvider: ExecutionProvider;
  readonly threads: number | undefined;
  readonly graphOptimization: 'disabled' | 'basic' | 'extended' | 'all';
  readonly memoryPattern: boolean;
  readonly memoryArena: boolean;
  readonly spinning: boolean;
}

/** The requests a worker answers, in the order they arrive; the message 'end' ends it. */
export interface Requests {
  create: { body: ModelSpec; reply: ExecutionProvider };
  run: { body: { feeds: Tensors; random: RandomState }; reply: Tensors };
  setState: { body: Tensors; reply: undefined };
  getState: { body: readonly string[]; reply: Tensors };
}
export type RequestKind = keyof Requests;
export type Request = { [K in RequestKind]: { id: number; kind: K; body: Requests[K]['body'] } }[RequestKind];

/** An error as it crosses threads. */
export interface Failure {
  readonly message: string;
  readonly outOfMemory: boolean;
}
export type Reply =
  | { id: number; result: Requests[RequestKind]['reply'] }
  | { id: number; failure: Failure }
  | { warning: string };

/** Positions in the memory a session shares with its worker. */
export const Flag = {
  /** 1 while the worker answers a request; set and cleared by the worker, which then notifies. */
  busy: 0,
  /** 1 when the worker shall answer nothing more; set by the session. */
  abandoned: 1,
} as const;

export interface WorkerData {
  readonly flags: Int32Array<SharedArrayBuffer>;
}
