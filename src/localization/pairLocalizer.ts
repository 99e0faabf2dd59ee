/** A model on pictures and sounds in memory. */
import { firstHeard, fitClip, hasSignal } from '../features/clip.js';
import { SpectrogramKernel } from '../features/kernels/spectrogram.js';
import { pictureTensor } from '../features/picture.js';
import { planOf } from '../features/plan.js';
import type { PictureSpec, SoundSpec } from '../features/spec.js';
import type { AudioClip, Frame } from '../media/types.js';
import { sizeOf, tensor } from '../tensor.js';
import { type Confidence, confidenceOf } from './confidence.js';
import { checkMap, type HeatMap } from './heatMap.js';
import { LocalizerError } from './localizer.js';
import type { Model } from './model.js';
import { modelLocalizer } from './modelLocalizer.js';
import type { ModelSessionOptions } from './network.js';

export interface Localization {
  /** As coarse as the model makes it, over the whole picture; higher where the sound comes from. */
  map: HeatMap;
  /**
   * Probability that something in the picture makes the sound, 0 where the part of it that the model hears is silent; undefined for a model
   * that was never calibrated.
   */
  confidence: number | undefined;
}

/** Throws LocalizerError for a sound without signal; `name` says which. */
export function checkSignal(clip: AudioClip, name: string): void {
  if (!hasSignal(clip))
    throw new LocalizerError(
      `${name}: there is no signal in it (its ${clip.samples.length} samples are silence): nothing can be localized`,
    );
}

/** Throws LocalizerError for a sound that is silent where a model hears it. */
export function checkHeard(clip: AudioClip, name: string, { clip: spec }: SoundSpec): void {
  checkSignal(clip, name);
  const heard = fitClip(clip, spec);
  if (hasSignal({ samples: heard })) return;
  const seconds = (samples: number) => `${(samples / clip.sampleRate).toFixed(1)} s`;
  const from = firstHeard(clip.samples.length, spec);
  throw new LocalizerError(
    `${name}: of its ${seconds(clip.samples.length)} the model hears ${seconds(heard.length)} from ${seconds(from)} on, which are silence: ` +
      'cut out the part that is to be localized',
  );
}

export class PairLocalizer {
  readonly #spectrogram: SpectrogramKernel;

  private constructor(
    private readonly session: Awaited<ReturnType<typeof modelLocalizer>>,
    private readonly picture: PictureSpec,
    readonly sound: SoundSpec,
    private readonly confidence: Confidence | undefined,
  ) {
    this.#spectrogram = new SpectrogramKernel(planOf(sound));
  }

  /** Pictures are squashed to the model's square, whatever the preset: the whole picture is looked at. Throws as `modelLocalizer`. */
  static async create(model: Model, options: ModelSessionOptions): Promise<PairLocalizer> {
    const session = await modelLocalizer(model, options);
    const { frame, spectrogram } = session.views;
    return new PairLocalizer(session, { ...frame.picture, fit: 'squash' }, spectrogram.sound, model.confidence);
  }

  /** Hz of the sounds. */
  get sampleRate(): number {
    return this.sound.clip.sampleRate;
  }

  /**
   * In the order of the pairs, as many at a time as the model takes. Throws RangeError for sounds at another rate, LocalizerError for maps that
   * are not finite.
   */
  async localize(pairs: readonly { frame: Frame; clip: AudioClip }[]): Promise<Localization[]> {
    const { batch } = this.session;
    const results: Localization[] = [];
    for (let first = 0; first < pairs.length; first += batch)
      results.push(...(await this.#some(pairs.slice(first, first + batch))));
    return results;
  }

  async #some(pairs: readonly { frame: Frame; clip: AudioClip }[]): Promise<Localization[]> {
    const { batch } = this.session;
    const { bins, frames } = planOf(this.sound);
    const { size } = this.picture;
    const pictures = tensor('float32', [batch, 3, size, size]);
    const sounds = tensor('float32', [batch, 1, bins, frames]);
    const isHeard: boolean[] = [];
    for (let i = 0; i < batch; i++) {
      const { frame, clip } = pairs[Math.min(i, pairs.length - 1)]!;
      const part = (data: Float32Array, length: number) => data.subarray(i * length, (i + 1) * length);
      pictureTensor(frame, this.picture, part(pictures.data, 3 * size * size));
      const heard = fitClip(clip, this.sound.clip);
      isHeard.push(hasSignal({ samples: heard }));
      this.#spectrogram.run(heard, part(sounds.data, bins * frames));
    }
    const { maps } = await this.session.localize(pictures, sounds);
    const [, height, width] = maps.shape as [number, number, number];
    const length = sizeOf([height, width]);
    return pairs.map((_, i) => {
      const map = { data: maps.data.slice(i * length, (i + 1) * length), height, width };
      checkMap(map, this.session.name);
      // Nothing makes a silence.
      return { map, confidence: this.confidence && (isHeard[i] ? confidenceOf(map, this.confidence) : 0) };
    });
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}
