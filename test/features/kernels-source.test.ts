/** `npm run kernels` runs this with --update, which writes the file. */
import asc from 'assemblyscript/asc';
import { expect, it } from 'vitest';

const source = 'src/features/kernels/assembly/index.ts';
const options =
  '--enable simd -O3 --converge --runtime stub --noAssert --use abort= --initialMemory 1 --maximumMemory 16384 --outFile kernels.wasm';

it('has committed the WebAssembly that the sources compile to', async () => {
  let binary: Uint8Array = new Uint8Array();
  const { error, stderr } = await asc.main([source, ...options.split(' ')], {
    writeFile: (_, content) => {
      if (typeof content !== 'string') binary = content;
    },
  });
  expect(error, stderr.toString()).toBeNull();
  const base64 = Buffer.from(binary)
    .toString('base64')
    .replace(/.{1,120}/g, "\n  '$&' +")
    .slice(0, -2);
  await expect(
    `/** Generated from ${source} by \`npm run kernels\`: ${binary.length} bytes of WebAssembly in base 64. */\nexport const kernelsWasm =${base64};\n`,
  ).toMatchFileSnapshot('../../src/features/kernels/kernels.wasm.ts');
});
