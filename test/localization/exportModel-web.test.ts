/** Exported models in a browser, on ONNX Runtime Web: the heatmaps of Node, and the program of docs/export.md. */
import { readFileSync } from 'node:fs';
import type * as Ort from 'onnxruntime-web';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportModel } from '../../src/localization/index.js';
import { viewsOf } from '../../src/localization/model.js';
import { encodePng, encodeWav, readSound } from '../../src/media/index.js';
import { methodNames } from '../../src/methods/index.js';
import { findBrowser, startBrowser, type TestBrowser } from '../browser/browser.js';
import { type Outputs, runExported, samplesOf, worst } from './exported.js';
import { noisyClip, noisyFrame, tinyModel } from './tiny.js';

describe.skipIf(!findBrowser())('an exported model in a browser', () => {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  /** Base64 is what passes between a page and its test fastest. */
  const textOf = (data: Uint8Array | Float32Array) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');

  it.each(methodNames.flatMap((method) => (['laptop', 'ezvsl'] as const).map((preset) => ({ method, preset }))))(
    'gives the heatmap of Node: $method, $preset',
    async ({ method, preset }) => {
      const model = tinyModel(method, {
        picture: { preset, size: 64 },
        sound: { preset },
        confidence: { slope: 9, offset: -2 },
      });
      const frame = noisyFrame(1, 90, 50);
      const samples = samplesOf(noisyClip(1, 70_000), viewsOf(model).spectrogram.sound.clip);
      const { onnx } = exportModel(model, { picture: frame });
      const wanted = await runExported(onnx, frame, samples);

      const ort = await browser.page.evaluateHandle<typeof Ort>(`import('/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs')`);
      const address = browser.server.put(`${method}-${preset}.onnx`, onnx);
      const found = (await ort.evaluate(
        async (ort, { address, pixels, waveform, width, height }) => {
          const bytesOf = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
          ort.env.wasm.numThreads = 1;
          const session = await ort.InferenceSession.create(address);
          const outputs = await session.run({
            pixels: new ort.Tensor('uint8', bytesOf(pixels), [1, height, width, 3]),
            waveform: new ort.Tensor('float32', new Float32Array(bytesOf(waveform).buffer), [1, bytesOf(waveform).length / 4]),
          });
          await session.release();
          return Object.fromEntries(
            Object.entries(outputs).map(([name, { data, dims }]) => [name, { data: [...(data as Float32Array)], dims }]),
          );
        },
        { address, pixels: textOf(frame.rgb), waveform: textOf(samples), width: frame.width, height: frame.height },
      )) as unknown as Outputs;

      expect(Object.keys(found).sort()).toEqual(Object.keys(wanted).sort());
      for (const name of Object.keys(wanted) as (keyof Outputs)[]) {
        expect(found[name].dims).toEqual(wanted[name].dims);
        expect(worst(found[name].data, wanted[name].data), name).toBeLessThan(1e-4);
      }
      const heights = wanted.heatmap.data;
      expect(Math.max(...heights) - Math.min(...heights)).toBeGreaterThan(0.5);
    },
  );

  it('runs the program of the documentation as it stands', async () => {
    const model = tinyModel('sslalign', { sound: { preset: 'ezvsl' }, confidence: { slope: 9, offset: -2 } });
    const frame = noisyFrame(5, 48, 40);
    const wav = encodeWav(noisyClip(5, 60_001));
    const { onnx, metadata } = exportModel(model, { picture: frame });
    expect(metadata).toMatchObject({ sampleRate: '16000', clipSamples: '48000', clipTake: 'centre', clipFirst: '0' });
    const heard = await readSound(wav, { sampleRate: 16_000 });
    const wanted = await runExported(onnx, frame, samplesOf(heard, viewsOf(model).spectrogram.sound.clip));

    const guide = readFileSync(new URL('../../docs/export.md', import.meta.url), 'utf8');
    const [, program] = /```js\n([\s\S]*?)```/.exec(guide)!;
    const files = { 'run.onnx': onnx, 'picture.jpg': await encodePng(frame), 'bark.wav': wav };
    const local = Object.entries(files).reduce(
      (code, [name, bytes]) => code.replace(`'${name}'`, JSON.stringify(browser.server.put(name, bytes))),
      program!.replace(/https:.*?onnxruntime-web@[^/]*/, `${browser.server.origin}/node_modules/onnxruntime-web`),
    );
    const address = browser.server.put('program.mjs', Buffer.from(local));
    const said = browser.page.waitForEvent('console', (message) => message.text().startsWith('score'));
    await browser.page.evaluate(`import(${JSON.stringify(address)}).then(() => {})`);
    const line = (await said).text();
    const drawn = await browser.page.evaluate(() => {
      const canvas = document.querySelector('canvas')!;
      return [canvas.width, canvas.height, ...canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height).data];
    });
    expect(line).toMatch(/^score \d\.\d{3}$/);
    expect(Number(line.split(' ')[1])).toBeCloseTo(wanted.score.data[0]!, 2);
    expect(drawn.slice(0, 2)).toEqual([48, 40]);
    // Next to nothing is painted where the heatmap is lowest, and red where it is highest.
    const { data: heat } = wanted.heatmap;
    const [lowest, highest] = [heat.indexOf(Math.min(...heat)), heat.indexOf(Math.max(...heat))];
    const colourAt = (place: number) => drawn.slice(2 + 4 * place, 5 + 4 * place);
    expect(worst(colourAt(lowest), frame.rgb.subarray(3 * lowest, 3 * lowest + 3))).toBeLessThanOrEqual(3);
    expect(colourAt(highest)[0]).toBeGreaterThan(195);
    expect(Math.max(...colourAt(highest).slice(1))).toBeLessThan(60);
  });
});
