/** A real browser for tests, where there is one. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type BrowserContext, chromium, type JSHandle, type Page } from 'playwright-core';
import { serve, type TestServer } from './server.js';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The program to start: EARSHOT_BROWSER, or the first of chromium, chromium-browser and google-chrome in PATH; undefined where there is
 * none, and tests that need one are skipped. Throws when EARSHOT_BROWSER is set but is no program.
 */
export function findBrowser(): string | undefined {
  const chosen = process.env.EARSHOT_BROWSER;
  if (chosen && !isProgram(chosen)) throw new Error(`EARSHOT_BROWSER: expected the path of a browser, got ${chosen}`);
  const folders = (process.env.PATH ?? '').split(delimiter);
  return chosen || names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
}

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface TestBrowser {
  readonly page: Page;
  readonly server: TestServer;
  /** What a module of the package exports, in the page; its name is written as a user writes it. */
  load<T>(name: string): Promise<JSHandle<T>>;
  close(): Promise<void>;
}

/** Starts a headless browser of its own, with a profile that is removed with it, on an empty page that can import the package. */
export async function startBrowser(): Promise<TestBrowser> {
  const executablePath = findBrowser();
  if (!executablePath) throw new Error(`expected a browser: one of ${names.join(', ')} in PATH, or EARSHOT_BROWSER`);
  const server = await serve();
  const browser = await chromium.launch({ executablePath, headless: true, args: flags });
  const context: BrowserContext = await browser.newContext();
  const page = await context.newPage();
  await page.goto(server.origin);
  return {
    page,
    server,
    load: <T>(name: string) => page.evaluateHandle(`import(${JSON.stringify(name)})`) as Promise<JSHandle<T>>,
    async close() {
      await browser.close();
      await server.close();
    },
  };
}
