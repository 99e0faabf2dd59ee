/**
 * The process in which damaged files are read. Gets a `Task`, answers with an `Answer` (watch.ts). It runs the built package, and what
 * it read stays here: facts and hashes are enough for a judgement.
 */
import { createHash } from 'node:crypto';
import { MediaError, openVideo, readPicture, readSound } from '../../../dist/media/index.js';

/** More frames than any file of the test has. */
const mostFrames = 200;

const hash = ({ buffer, byteOffset, byteLength }) =>
  createHash('sha1')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex');

const pictureFacts = ({ width, height, rgb }) => ({ width, height, bytes: rgb.length, hash: hash(rgb) });

const soundFacts = ({ sampleRate, samples }) => ({
  sampleRate,
  samples: samples.length,
  finite: samples.every(Number.isFinite),
  hash: hash(samples),
});

/** What became of a call: a value, the error that was promised, or anything else. */
async function attempt(call) {
  try {
    return { value: await call() };
  } catch (error) {
    if (error instanceof MediaError) return { problem: error.problem, reason: error.reason };
    return { thrown: String(error?.stack ?? error) };
  }
}

async function frames(video) {
  const shown = [];
  const end = await attempt(async () => {
    for await (const { time, frame } of video.frames()) {
      shown.push({ time, ...pictureFacts(frame) });
      if (shown.length === mostFrames) return 'more';
    }
    return 'all';
  });
  return { shown, end };
}

async function videoFacts(path) {
  const video = await openVideo(path);
  try {
    const { width, height, duration, frameRate, hasSound } = video;
    return {
      ...{ width, height, duration, frameRate, hasSound },
      middle: await attempt(async () => pictureFacts(await video.frameAt(duration / 2))),
      frames: await frames(video),
      sound: await attempt(async () => soundFacts(await video.sound())),
    };
  } finally {
    await video.close();
  }
}

const readers = {
  picture: async (path) => pictureFacts(await readPicture(path)),
  sound: async (path) => soundFacts(await readSound(path)),
  video: videoFacts,
  crash: async () => process.kill(process.pid, 'SIGKILL'),
};

process.on('message', async ({ path, kind }) => {
  const before = process.cpuUsage();
  const outcome = await attempt(() => readers[kind](path));
  const { user, system } = process.cpuUsage(before);
  process.send({ outcome, seconds: (user + system) / 1e6, megabytes: process.resourceUsage().maxRSS / 1024 });
});
process.send('ready');
