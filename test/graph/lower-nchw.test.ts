import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { Op } from '../../src/graph/ir.js';
import { lowerNchw } from '../../src/graph/lower/nchw/index.js';
import { cases } from './lowering-cases.js';
import { expectAgreement } from './run-lowered.js';

const numRuns = (op: Op) => (op.startsWith('conv2d') || op.endsWith('Grad') ? 60 : 25);

describe('the NCHW lowering agrees with the interpreter', () => {
  for (const op of Object.keys(cases) as Op[])
    it(op, async () => {
      const level = fc.constantFrom('all' as const, 'disabled' as const);
      await fc.assert(
        fc.asyncProperty(cases[op], level, (example, graphOptimizationLevel) =>
          expectAgreement(example, lowerNchw(example.graph), 1e-5, { graphOptimizationLevel }),
        ),
        { numRuns: numRuns(op) },
      );
    });
});
