/** What a step is fed of each pair. */
import type { View, Views } from '../datasets/loader/views.js';
import type { PictureAugmentation } from '../features/augment/pictures.js';
import { pictureAugmentations } from '../features/augment/presets.js';
import { pictureSpecOf, soundSpecOf } from '../features/choice.js';
import { methods, type ViewKind } from '../methods/index.js';
import type { TrainConfig } from './config.js';

/** Kinds of views in the order in which a method's loss gets them. */
export interface ViewPlan {
  picture: readonly ViewKind[];
  sound: readonly ViewKind[];
}

/** The views of a configuration; without `neighbours` those of the epochs before there are any. */
export function viewPlan({ method, settings }: TrainConfig, { neighbours }: { neighbours: boolean }): ViewPlan {
  const { picture, sound } = methods[method].views(settings);
  const now = (kinds: readonly ViewKind[]) => kinds.filter((kind) => neighbours || kind !== 'neighbour');
  return { picture: now(picture), sound: now(sound) };
}

export const needsNeighbours = (config: TrainConfig): boolean =>
  Object.values(viewPlan(config, { neighbours: true })).some((kinds) => kinds.includes('neighbour'));

/** Whether semantic positives wait for the epoch `neighbours.after`: not where encoders of others find all of them. */
export function waitsForNeighbours(config: TrainConfig): boolean {
  const { sampling, pictureEncoder, soundEncoder } = config.neighbours;
  const { picture, sound } = viewPlan(config, { neighbours: true });
  const isOwn = (picture.includes('neighbour') && !pictureEncoder) || (sound.includes('neighbour') && !soundEncoder);
  return isOwn && sampling !== 'anchor';
}

/** `picture.anchor`, `sound.neighbour`: of views, inputs and outputs. */
export const viewName = (side: keyof ViewPlan, kind: ViewKind): string => `${side}.${kind}`;

/** The loader's views, by `viewName`. */
export function loaderViews(config: TrainConfig, plan: ViewPlan): Views {
  const views = [
    ...plan.picture.map((kind) => [viewName('picture', kind), pictureView(config, kind)] as const),
    ...plan.sound.map((kind) => [viewName('sound', kind), soundView(config, kind)] as const),
  ];
  return Object.fromEntries(views);
}

function pictureView({ picture: choice, augmentation, neighbours }: TrainConfig, kind: ViewKind): View {
  const picture = pictureSpecOf(choice);
  const { size, kernel } = picture;
  const { flip, minArea, colour, blur, crop } = augmentation;
  const { simclr } = pictureAugmentations;
  const { jitter } = simclr;
  const changed: PictureAugmentation =
    kind === 'augmented'
      ? {
          ...simclr,
          size,
          scale: [minArea, 1],
          flip,
          jitter: {
            probability: jitter.probability,
            brightness: jitter.brightness * colour,
            contrast: jitter.contrast * colour,
            saturation: jitter.saturation * colour,
            hue: jitter.hue * colour,
          },
          grayscale: simclr.grayscale * colour,
          blur: { ...simclr.blur, probability: blur },
        }
      : { kind: 'crop', size, resized: { squash: Math.round(size * crop.enlarge) }, kernel, flip };
  return { picture, augmentation: changed, ...(isPartner(kind, neighbours) && { partner: true }) };
}

function soundView({ sound, augmentation: { shift }, neighbours }: TrainConfig, kind: ViewKind): View {
  return {
    sound: soundSpecOf(sound),
    needsSignal: true,
    ...(kind === 'augmented' && { shift: { seconds: shift } }),
    ...(isPartner(kind, neighbours) && { partner: true }),
  };
}

const isPartner = (kind: ViewKind, { sampling }: TrainConfig['neighbours']) => kind === 'neighbour' && sampling !== 'anchor';
