/** From a pair's files to the values of its views: what a decoding thread does. */
import { augmentPicture } from '../../features/augment/pictures.js';
import { maskSpectrogram, shiftClip } from '../../features/augment/sound.js';
import { fitClip } from '../../features/clip.js';
import { normalizeFrame, SpectrogramKernel } from '../../features/kernels/index.js';
import { pictureTensor } from '../../features/picture.js';
import { planOf } from '../../features/plan.js';
import type { SpectrogramPlan } from '../../features/spec.js';
import type { AudioClip, Frame, MediaLimits } from '../../media/types.js';
import { Random } from '../../random.js';
import { openPicture, openSound } from '../media.js';
import type { MediaRef, Pair } from '../types.js';
import { FeatureCache, type MemoryBudget } from './cache.js';
import type { PictureView, SoundView, Views } from './views.js';

interface Options {
  views: Views;
  seed: number;
  cacheBytes: number;
  limits: MediaLimits;
}

/** Sounds are decoded a little longer than they are needed, so that resampling sees what follows. */
const margin = 0.1;

const keyOf = ({ path, member, seconds, duration }: MediaRef) => [path, member?.offset, seconds, duration].join('\n');

/** Makes the views of pairs, and keeps what does not change from epoch to epoch. */
export class SampleMaker {
  readonly #views: Views;
  readonly #seed: number;
  readonly #limits: MediaLimits;
  readonly #spectrograms = new Map<string, { plan: SpectrogramPlan; kernel: SpectrogramKernel }>();
  readonly #frames: FeatureCache<Frame>;
  readonly #clips: FeatureCache<AudioClip>;
  readonly #features: FeatureCache<Float32Array>;

  constructor({ views, seed, cacheBytes, limits }: Options) {
    this.#views = views;
    this.#seed = seed;
    this.#limits = limits;
    for (const [name, view] of Object.entries(views))
      if ('sound' in view) {
        const plan = planOf(view.sound);
        this.#spectrograms.set(name, { plan, kernel: new SpectrogramKernel(plan) });
      }
    const budget: MemoryBudget = { free: cacheBytes };
    this.#frames = new FeatureCache(budget);
    this.#clips = new FeatureCache(budget);
    this.#features = new FeatureCache(budget);
  }

  /** Writes pair number `index` as it is in `epoch`, one array a view. Throws MediaError when one of its files cannot be used. */
  async make(pair: Pair, index: number, epoch: number, outputs: readonly Float32Array[]): Promise<void> {
    // Several views of one file decode it once.
    const decoded = new Map<string, Promise<Frame | AudioClip>>();
    const once = <T extends Frame | AudioClip>(key: string, decode: () => Promise<T>): Promise<T> => {
      if (!decoded.has(key)) decoded.set(key, decode());
      return decoded.get(key) as Promise<T>;
    };
    for (const [i, [name, view]] of Object.entries(this.#views).entries()) {
      const random = new Random(this.#seed, 'view', name, epoch, index);
      if ('sound' in view) await this.#sound(name, view, pair.sound, once, random, outputs[i]!);
      else await this.#picture(name, view, pair.picture, once, random, outputs[i]!);
    }
  }

  async #picture(name: string, view: PictureView, ref: MediaRef, once: Once, random: Random, out: Float32Array): Promise<void> {
    const { picture: spec, augmentation } = view;
    const decode = () => once('picture', () => openPicture(ref, { limits: this.#limits }));
    if (augmentation) {
      const key = keyOf(ref);
      const whole = this.#frames.get(key) ?? (await decode());
      this.#frames.keep(key, whole.rgb.byteLength, () => whole);
      const { frame } = augmentPicture(whole, augmentation, random);
      normalizeFrame(frame, spec.mean, spec.std, out);
    } else await this.#constant(name, ref, out, async () => void pictureTensor(await decode(), spec, out));
  }

  async #sound(name: string, view: SoundView, ref: MediaRef, once: Once, random: Random, out: Float32Array): Promise<void> {
    const { clip: spec } = view.sound;
    const { plan, kernel } = this.#spectrograms.get(name)!;
    const { channel, sampleRate } = spec;
    const duration = spec.take === 'start' ? spec.samples / sampleRate + margin : undefined;
    const wanted = `${channel} ${sampleRate} ${duration}`;
    const decode = () => once(wanted, () => openSound(ref, { channel, sampleRate, duration, limits: this.#limits }));
    if (view.shift) {
      const key = `${wanted}\n${keyOf(ref)}`;
      const clip = this.#clips.get(key) ?? (await decode());
      this.#clips.keep(key, clip.samples.byteLength, () => clip);
      kernel.run(fitClip(shiftClip(clip, view.shift, random), spec), out);
    } else await this.#constant(name, ref, out, async () => void kernel.run(fitClip(await decode(), spec), out));
    if (view.mask) maskSpectrogram(out, plan, view.mask, random);
  }

  /** Writes a view that is the same in every epoch. */
  async #constant(name: string, ref: MediaRef, out: Float32Array, write: () => Promise<void>): Promise<void> {
    const key = `${name}\n${keyOf(ref)}`;
    const kept = this.#features.get(key);
    if (kept) return out.set(kept);
    await write();
    this.#features.keep(key, out.byteLength, () => out.slice());
  }
}

type Once = <T extends Frame | AudioClip>(key: string, decode: () => Promise<T>) => Promise<T>;
