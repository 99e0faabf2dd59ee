/** From a pair's files to the values of its views: what a decoding thread does. */
import { augmentPicture } from '../../features/augment/pictures.js';
import { maskSpectrogram, shiftClip } from '../../features/augment/sound.js';
import { fitClip, hasSignal } from '../../features/clip.js';
import { normalizeFrame, SpectrogramKernel } from '../../features/kernels/index.js';
import { pictureTensor } from '../../features/picture.js';
import { planOf } from '../../features/plan.js';
import type { ClipSpec, SpectrogramPlan } from '../../features/spec.js';
import { type AudioClip, type Frame, MediaError, type MediaLimits } from '../../media/types.js';
import { Random } from '../../random.js';
import { sizeOf } from '../../tensor.js';
import { openPicture, openSound } from '../media.js';
import type { MediaRef, Pair } from '../types.js';
import { FeatureCache, type MemoryBudget } from './cache.js';
import type { Item } from './protocol.js';
import { type PictureView, type SoundView, shapeOf, type Views } from './views.js';

interface Options {
  views: Views;
  seed: number;
  cacheBytes: number;
  limits: MediaLimits;
}

/** What a pair shares between its views: files are decoded once. */
type Once = <T extends Frame | AudioClip>(key: string, decode: () => Promise<T>) => Promise<T>;

/** Sounds are decoded a little longer than they are needed, so that resampling sees what follows. */
const margin = 0.1;

const keyOf = ({ path, member, seconds, duration }: MediaRef) => [path, member?.offset, seconds, duration].join('\n');

/** A video's own sound: the part that a preset takes of a longer one is then about the frame. */
const isOneVideo = ({ picture, sound }: Pair) => picture.path === sound.path && picture.member === undefined;

/**
 * The `spec.samples` samples around the frame of a video, moved so that they lie within its sound; as many as there are of a shorter one.
 * A frame without a time is the one in the middle.
 */
function aroundFrame({ samples, sampleRate }: AudioClip, { picture, sound }: Pair, spec: ClipSpec): AudioClip {
  const frame = picture.seconds === undefined ? samples.length / 2 : (picture.seconds - (sound.seconds ?? 0)) * sampleRate;
  const last = Math.max(0, samples.length - spec.samples);
  const start = Math.min(Math.max(0, Math.round(frame - spec.samples / 2)), last);
  return { sampleRate, samples: samples.subarray(start, start + spec.samples) };
}

/** Makes the views of pairs, and keeps what does not change from epoch to epoch. */
export class SampleMaker {
  readonly #views: Views;
  readonly #seed: number;
  readonly #limits: MediaLimits;
  readonly #spectrograms = new Map<string, { plan: SpectrogramPlan; kernel: SpectrogramKernel }>();
  readonly #frames: FeatureCache<Frame>;
  readonly #clips: FeatureCache<AudioClip>;
  readonly #features: FeatureCache<Float32Array>;

  /** Throws RangeError when a view cannot be made of anything. */
  constructor({ views, seed, cacheBytes, limits }: Options) {
    this.#views = views;
    this.#seed = seed;
    this.#limits = limits;
    const budget: MemoryBudget = { free: cacheBytes };
    this.#frames = new FeatureCache(budget);
    this.#clips = new FeatureCache(budget);
    this.#features = new FeatureCache(budget);
    // Tried on a grey picture and on silence: what fails later is then a file's fault.
    for (const [name, view] of Object.entries(views)) {
      const random = new Random(seed);
      const out = new Float32Array(sizeOf(shapeOf(name, view)));
      if ('sound' in view) {
        const plan = planOf(view.sound);
        this.#spectrograms.set(name, { plan, kernel: new SpectrogramKernel(plan) });
        const { sampleRate } = view.sound.clip;
        this.#writeSound(name, view, { sampleRate, samples: new Float32Array(sampleRate) }, random, out);
        this.#mask(name, view, random, out);
      } else writePicture(view, { width: 8, height: 8, rgb: new Uint8Array(192).fill(128) }, random, out);
    }
  }

  /** Writes pair number `index` as it is in `epoch`, one array a view. Throws MediaError when one of its files cannot be used. */
  async make({ pair: own, index, partners }: Omit<Item, 'slot'>, epoch: number, outputs: readonly Float32Array[]): Promise<void> {
    const decoded = new Map<string, Promise<Frame | AudioClip>>();
    const once: Once = <T extends Frame | AudioClip>(key: string, decode: () => Promise<T>): Promise<T> => {
      if (!decoded.has(key)) decoded.set(key, decode());
      return decoded.get(key) as Promise<T>;
    };
    for (const [i, [name, view]] of Object.entries(this.#views).entries()) {
      const random = new Random(this.#seed, 'view', name, epoch, index);
      const pair = view.partner ? partners!['sound' in view ? 'sound' : 'picture'] : own;
      const file = 'sound' in view ? pair.sound.path : pair.picture.path;
      try {
        if ('sound' in view) await this.#sound(name, view, pair, once, random, outputs[i]!);
        else await this.#picture(name, view, pair.picture, once, random, outputs[i]!);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        throw new MediaError('unsupported', file, error.message, { cause: error });
      }
    }
  }

  async #picture(name: string, view: PictureView, ref: MediaRef, once: Once, random: Random, out: Float32Array): Promise<void> {
    const decode = () => once(keyOf(ref), () => openPicture(ref, { limits: this.#limits }));
    if (view.augmentation) {
      const key = keyOf(ref);
      const frame = this.#frames.get(key) ?? (await decode());
      this.#frames.keep(key, frame.rgb.byteLength, () => frame);
      writePicture(view, frame, random, out);
    } else await this.#constant(`${name}\n${keyOf(ref)}`, out, async () => writePicture(view, await decode(), random, out));
  }

  async #sound(name: string, view: SoundView, pair: Pair, once: Once, random: Random, out: Float32Array): Promise<void> {
    const { clip: spec } = view.sound;
    const { channel, sampleRate } = spec;
    const wholly = isOneVideo(pair) || spec.take !== 'start';
    const duration = wholly ? undefined : spec.samples / sampleRate + margin;
    const wanted = `${channel} ${sampleRate} ${duration}`;
    const decode = async () => {
      const clip = await once(`${wanted} ${keyOf(pair.sound)}`, () =>
        openSound(pair.sound, { channel, sampleRate, duration, limits: this.#limits }),
      );
      if (view.needsSignal && !hasSignal(clip))
        throw new MediaError('noSound', pair.sound.path, 'there is no signal in it, only silence');
      return isOneVideo(pair) ? aroundFrame(clip, pair, spec) : clip;
    };
    const key = `${keyOf(pair.sound)}\n${isOneVideo(pair) ? pair.picture.seconds : ''}`;
    if (view.shift) {
      const clipKey = `${wanted} ${spec.samples}\n${key}`;
      const clip = this.#clips.get(clipKey) ?? (await decode());
      this.#clips.keep(clipKey, clip.samples.byteLength, () => clip);
      this.#writeSound(name, view, clip, random, out);
    } else await this.#constant(`${name}\n${key}`, out, async () => this.#writeSound(name, view, await decode(), random, out));
    this.#mask(name, view, random, out);
  }

  #writeSound(name: string, { sound, shift }: SoundView, clip: AudioClip, random: Random, out: Float32Array): void {
    const shifted = shift ? shiftClip(clip, shift, random) : clip;
    this.#spectrograms.get(name)!.kernel.run(fitClip(shifted, sound.clip), out);
  }

  #mask(name: string, { mask }: SoundView, random: Random, out: Float32Array): void {
    if (mask) maskSpectrogram(out, this.#spectrograms.get(name)!.plan, mask, random);
  }

  /** Writes what is the same in every epoch. */
  async #constant(key: string, out: Float32Array, write: () => Promise<void>): Promise<void> {
    const kept = this.#features.get(key);
    if (kept) return out.set(kept);
    await write();
    this.#features.keep(key, out.byteLength, () => out.slice());
  }
}

function writePicture({ picture: spec, augmentation }: PictureView, frame: Frame, random: Random, out: Float32Array): void {
  if (augmentation) normalizeFrame(augmentPicture(frame, augmentation, random).frame, spec.mean, spec.std, out);
  else pictureTensor(frame, spec, out);
}
