/** What a page of a test can load: the built package, its dependencies, and files made on the spot. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** Folders that are served, so that no test depends on a file that a user does not get. */
const served = /^\/(dist|node_modules)\//;

/** As a browser's bundler resolves the package's names; without a bundler the page has to say so. */
async function importMap(): Promise<Record<string, string>> {
  const { exports } = JSON.parse(await readFile(`${root}package.json`, 'utf8')) as {
    exports: Record<string, string | { browser: string }>;
  };
  const own = Object.entries(exports).map(([name, target]) => [
    name.replace('.', 'earshot'),
    (typeof target === 'string' ? target : target.browser).slice(1),
  ]);
  return {
    ...Object.fromEntries(own),
    mediabunny: '/node_modules/mediabunny/dist/bundles/mediabunny.mjs',
    '@bufbuild/protobuf': '/node_modules/@bufbuild/protobuf/dist/esm/index.js',
    '@bufbuild/protobuf/codegenv2': '/node_modules/@bufbuild/protobuf/dist/esm/codegenv2/index.js',
  };
}

export interface TestServer {
  /** `http://127.0.0.1:PORT`, which browsers trust as much as https. */
  readonly origin: string;
  /** Serves bytes from now on; the result is their address. */
  put(name: string, bytes: Uint8Array): string;
  close(): Promise<void>;
}

/** Serves an empty page with an import map at `/`, `dist/`, `node_modules/`, and what is put. */
export async function serve(): Promise<TestServer> {
  const page = `<!doctype html><title>earshot</title>
<script type="importmap">${JSON.stringify({ imports: await importMap() })}</script>`;
  const put = new Map<string, Uint8Array>();
  const find = async (path: string): Promise<Uint8Array | string | undefined> => {
    if (path === '/') return page;
    return put.get(path) ?? (served.test(path) ? readFile(root + path.slice(1)).catch(() => undefined) : undefined);
  };
  const server = createServer(async (request, response) => {
    // The constructor resolves `..`.
    const path = decodeURIComponent(new URL(request.url!, 'http://localhost').pathname);
    const body = await find(path);
    const type = path === '/' ? 'text/html' : (types[extname(path)] ?? 'application/octet-stream');
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    put(name, bytes) {
      put.set(`/files/${name}`, bytes);
      return `${origin}/files/${encodeURIComponent(name)}`;
    },
    close: () =>
      new Promise((resolve, reject) => {
        server.closeAllConnections();
        server.close((error) => (error ? reject(error) : resolve()));
      }),
  };
}
