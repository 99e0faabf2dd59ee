/** The page of a report: what is in it, that it is safe, and that a real browser shows it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../../src/evaluation/run.js';
import { choose, mostDifferent } from '../../src/report/chosen.js';
import { reportPage } from '../../src/report/page.js';
import { findBrowser } from '../browser/browser.js';
import { writeScenes, writeScenesRun } from './runs.js';

let folder: string;
let good: Run;
let weak: Run;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'report-'));
  const annotations = await writeScenes(join(folder, 'scenes'), 12);
  good = await writeScenesRun(annotations, join(folder, 'good'), 'good', 0.9);
  weak = await writeScenesRun(annotations, join(folder, 'weak'), 'we <b>ak</b>', 0.3);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the samples that are shown', () => {
  it('are the best and the worst, one of a picture, none twice', () => {
    const { best, worst } = choose(good);
    const { samples } = good.evaluation;
    expect(best).toHaveLength(8);
    const lowestBest = Math.min(...best.map((i) => samples[i]!.ciouAdap!));
    const highestWorst = Math.max(...worst.map((i) => samples[i]!.ciouAdap!));
    expect(highestWorst).toBeLessThanOrEqual(lowestBest);
    for (const list of [best, worst]) expect(new Set(list.map((i) => samples[i]!.image)).size).toBe(list.length);
    expect(best.filter((i) => worst.includes(i))).toEqual([]);
    expect(samples[best[0]!]!.ciouAdap).toBe(Math.max(...samples.map(({ ciouAdap }) => ciouAdap!)));
  });

  it('are all sounds of some pictures, from the best found picture to the worst', () => {
    const { interactive } = choose(good);
    const { samples } = good.evaluation;
    expect(interactive.map((sounds) => sounds.length)).toEqual([2, 2, 2, 2]);
    const worstOf = interactive.map((sounds) => Math.min(...sounds.map((i) => samples[i]!.ciouAdap!)));
    expect(worstOf).toEqual(worstOf.toSorted((a, b) => b - a));
    for (const [a, b] of interactive) expect(samples[a!]!.image).toBe(samples[b!]!.image);
  });

  it('are those on which two models differ most', () => {
    const [first] = mostDifferent(good, weak);
    const difference = (i: number) => Math.abs(good.evaluation.samples[i]!.ciouAdap! - weak.evaluation.samples[i]!.ciouAdap!);
    expect(difference(first!.first)).toBe(Math.max(...good.evaluation.samples.map((_, i) => difference(i))));
  });
});

describe('the page', () => {
  it('has no card of a score that no map can get, and says so', async () => {
    const cardsWith = async (ceiling: number) => {
      const { evaluation } = good;
      const changed = { ...evaluation, ceiling: { ...evaluation.ceiling, cIoU: ceiling, IIoU: ceiling } };
      const { html } = await reportPage([{ ...good, evaluation: changed }]);
      const cards = ['cIoU', 'cIoU adap.', 'IIoU'].filter((title) => html.includes(`<div class="card"><h3>${title}</h3>`));
      return [...cards, /Without .*: no map gets more than 0 here\./.exec(html)?.[0]];
    };
    expect(await cardsWith(0.5)).toEqual(['cIoU', 'cIoU adap.', 'IIoU', undefined]);
    expect(await cardsWith(0)).toEqual(['cIoU adap.', 'Without cIoU, IIoU: no map gets more than 0 here.']);
  });

  it('has the scores, the protocol, N, and both models; nothing of the input is markup', async () => {
    const { html, problems } = await reportPage([good, weak], { title: 'A & B' });
    expect(problems).toEqual([]);
    expect(html).toContain('<h1>A &#38; B</h1>');
    expect(html).toContain('24 samples, 12 pictures. Protocol <strong>sslalign</strong>: bilinear with aligned corners');
    expect(html).toContain(`<div class="big">${(100 * good.evaluation.scores.cIoUAdap).toFixed(1)}<small>`);
    expect(html).toContain('Is the difference luck?');
    expect(html).toContain('One picture, several sounds of good');
    expect(html).not.toContain('<b>ak</b>');
    expect(html).not.toContain('<script');
    expect(html).toContain('we &#60;b&#62;ak&#60;/b&#62;');
  });

  it('tells two models of one name apart', async () => {
    const { html } = await reportPage([good, { ...weak, evaluation: { ...weak.evaluation, model: 'good' } }]);
    expect(html).toContain('<h1>good, good (2) on world</h1>');
  });

  it('says what could not be read', async () => {
    const broken: Run = {
      ...good,
      media: good.media.map((about) => ({
        ...about,
        picture: { path: join(folder, 'gone.png') },
        sound: { path: join(folder, 'gone.wav') },
      })),
    };
    const { html, problems } = await reportPage([broken]);
    expect(problems.map(({ file }) => file).sort()).toEqual([join(folder, 'gone.png'), join(folder, 'gone.wav')]);
    expect(html).toContain('the picture cannot be read');
    expect(html).toContain('2 files of shown samples could not be read');
  });

  it('is of one benchmark and one protocol, and needs its maps', async () => {
    const other: Run = { ...weak, evaluation: { ...weak.evaluation, benchmark: 'is3' } };
    await expect(reportPage([good, other])).rejects.toThrow(
      "'good' is on world under sslalign, 'we <b>ak</b>' on is3 under sslalign",
    );
    await expect(reportPage([{ ...good, maps: join(folder, 'no.npy') }])).rejects.toThrow('no.npy');
  });

  const executablePath = findBrowser();
  it.skipIf(!executablePath)('is shown by a browser: no errors, no requests, every picture and every sound', async () => {
    const { html } = await reportPage([good, weak]);
    const path = join(folder, 'page.html');
    writeFileSync(path, html);
    const browser = await chromium.launch({ executablePath: executablePath!, headless: true, args: ['--no-sandbox'] });
    try {
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await browser.newPage({ viewport: { width: 420, height: 900 }, colorScheme });
        const noticed: string[] = [];
        page.on('console', (message) => noticed.push(message.text()));
        page.on('pageerror', (error) => noticed.push(String(error)));
        page.on('request', (request) => (request.url().startsWith('data:') ? undefined : noticed.push(request.url())));
        await page.goto(pathToFileURL(path).href);
        const { pictures, charts, overflow } = await page.evaluate(async () => {
          const images = [...document.images];
          for (const image of images) image.loading = 'eager';
          await Promise.all(images.map((image) => image.decode()));
          // One of the two charts of categories is for wider pages.
          const sizes = [...document.querySelectorAll('svg')].map((svg) => svg.getBoundingClientRect().height).filter(Boolean);
          return {
            pictures: images.map(({ naturalWidth }) => naturalWidth),
            charts: sizes,
            overflow: document.documentElement.scrollWidth - innerWidth,
          };
        });
        expect(pictures.length).toBeGreaterThan(20);
        expect(new Set(pictures)).toEqual(new Set([400]));
        expect(charts).toHaveLength(4);
        expect(Math.min(...charts)).toBeGreaterThan(50);
        expect(overflow).toBeLessThanOrEqual(0);
        const durations = await page.evaluate(() =>
          Promise.all(
            [...document.querySelectorAll('audio')].map(async (audio) => {
              if (audio.readyState === 0)
                await new Promise((resolve) => audio.addEventListener('loadedmetadata', resolve, { once: true }));
              return audio.duration;
            }),
          ),
        );
        expect(durations.length).toBeGreaterThan(10);
        for (const duration of durations) expect(duration).toBeCloseTo(0.25, 2);
        expect(noticed).toEqual([pathToFileURL(path).href]);
        await page.close();
      }
    } finally {
      await browser.close();
    }
  });
});
