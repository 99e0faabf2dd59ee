/** A thread that selects the nearest of a block of queries from products: see `nearestNeighbours`. */
import { parentPort, workerData } from 'node:worker_threads';
import { BestRows } from './bestRows.js';

/** What a thread is made for. */
export interface Selection {
  /** The most in a block. */
  queries: number;
  /** Elements from one row of a product to the next. */
  stride: number;
  k: number;
  /** Shared, [queries, k]: where the neighbours go when a product is the last, before it is answered. */
  found: Int32Array;
}

/** The cosines of a block of queries with one of candidates. */
export interface Product {
  /** [at least queries, stride] */
  cosines: Float32Array;
  queries: number;
  firstQuery: number;
  candidates: number;
  /** The first candidate; at 0 the queries are new. */
  first: number;
  /** Whether it has the last candidates: the neighbours are then complete. */
  last: boolean;
}

const { queries: most, stride, k, found } = workerData as Selection;
const best = new BestRows(most, k);

parentPort!.on('message', ({ cosines, queries, firstQuery, candidates, first, last }: Product) => {
  if (first === 0) best.clear();
  for (let q = 0; q < queries; q++) best.offer(q, cosines, q * stride, candidates, first, firstQuery + q - first);
  if (last) for (let q = 0; q < queries; q++) best.take(q, found, q * k);
  parentPort!.postMessage('done');
});
