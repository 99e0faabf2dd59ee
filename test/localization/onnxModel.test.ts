/** What of a model an ONNX file for other programs cannot say. */
import { describe, expect, it } from 'vitest';
import { LocalizerError } from '../../src/localization/index.js';
import { onnxOf } from '../../src/localization/onnxModel.js';
import { tinyModel } from './tiny.js';

const presets = { picture: { preset: 'laptop' }, sound: { preset: 'laptop' } } as const;

describe('onnxOf', () => {
  it('names the presets of a model', () => {
    const file = Buffer.from(onnxOf(tinyModel('sslalign', presets), 'tiny.onnx'));
    // Field 14 of the model, metadata_props: a key (1) and a value (2), each with its length.
    for (const [key, size] of [
      ['earshot.picture', 15],
      ['earshot.sound', 13],
    ] as const)
      expect(file.includes(Buffer.from([0x0a, size, ...Buffer.from(key), 0x12, 6, ...Buffer.from('laptop')])), key).toBe(true);
  });

  it.each([{ picture: { preset: 'laptop', size: 32 } }, { sound: { preset: 'laptop', seconds: 0.5 } }] as const)(
    'refuses inputs that the presets do not make: %j',
    (change) => {
      const model = tinyModel('sslalign', { ...presets, ...change });
      expect(() => onnxOf(model, 'tiny.onnx')).toThrow(
        /^tiny\.onnx: expected a model whose pictures and sounds are as its presets/,
      );
    },
  );

  it('refuses weights of another network', () => {
    const model = tinyModel('sslalign', presets);
    const [first] = Object.keys(model.weights);
    const { [first!]: _, ...weights } = model.weights;
    expect(() => onnxOf({ ...model, weights }, 'tiny.onnx')).toThrow(LocalizerError);
  });
});
