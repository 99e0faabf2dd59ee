/** Everything that a training run depends on, as one plain value that can be written down. */
import { z } from 'zod';
import { type PictureChoice, presetNames, type SoundChoice } from '../features/choice.js';
import { pictureChoice, soundChoice } from '../localization/model.js';
import { type MethodName, methodNames, methods } from '../methods/index.js';
import { ConfigError, problemsOf } from './configError.js';
import { waitsForNeighbours } from './views.js';

const share = z.number().min(0).max(1);
const count = z.int().min(1);

/** Changes of the anchors' pictures: all methods but SSL-TIE train on crops of slightly enlarged pictures. */
const crop = z.strictObject({
  /** Times the size to which pictures are enlarged before they are cut; 1 cuts nothing. */
  enlarge: z.number().min(1).max(4),
});

const augmentation = z.strictObject({
  /** Of every view but the augmented one. */
  crop,
  /** Probability of mirroring left and right, in every view. */
  flip: share,
  /** Of augmented pictures: the least share of the picture's area that is seen. */
  minArea: z.number().gt(0).max(1),
  /** Of augmented pictures: strength of the changes of colour, 1 as in SimCLR. */
  colour: z.number().min(0).max(1),
  /** Of augmented pictures: probability that they are blurred. */
  blur: share,
  /** The most that augmented sounds are shifted, in seconds. */
  shift: z.number().min(0).max(60),
});

const neighbours = z.strictObject({
  /** From how many of the nearest a semantic positive is drawn; at most an eighth of the set, and at least one. */
  k: count,
  /** `random`: any of the k; `first`: always the nearest; `anchor`: the pair itself, a second time. */
  sampling: z.enum(['random', 'first', 'anchor']),
  /** ONNX files whose first output [B, D] embeds pictures and sounds, with the preset that makes their inputs; the model itself when not given. */
  pictureEncoder: z.strictObject({ path: z.string().min(1), preset: z.enum(presetNames) }).optional(),
  soundEncoder: z.strictObject({ path: z.string().min(1), preset: z.enum(presetNames) }).optional(),
  /** Epochs without semantic positives, until the model's own are worth something. */
  after: z.int().min(0),
  /** Epochs after which the model's own are looked for again. */
  every: count,
});

const optimizer = z.strictObject({
  learningRate: z.number().gt(0),
  weightDecay: z.number().min(0),
  /** Norm to which gradients are scaled down. */
  clipNorm: z.number().gt(0).optional(),
  schedule: z.enum(['constant', 'cosine']),
  /** Epochs of linear warm-up. */
  warmup: z.number().min(0),
});

export const trainConfigSchema = z
  .strictObject({
    method: z.enum(methodNames as [MethodName, ...MethodName[]]),
    settings: z.unknown(),
    picture: pictureChoice,
    sound: soundChoice,
    augmentation,
    neighbours,
    /** Pairs that are compared with each other. */
    batch: z.int().min(2).max(65536),
    /** Pairs in memory at a time; as many as the batch when not given. */
    microBatch: count.optional(),
    /** `frozen`: the running statistics, of given weights, take the place of the batch's and stay. */
    batchNorm: z.enum(['batch', 'frozen']),
    epochs: count,
    optimizer,
    /** Of first weights, the order and every augmentation. */
    seed: z.int(),
  })
  .superRefine(({ batch, microBatch, optimizer: { warmup }, epochs }, context) => {
    const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    // Values that are none by themselves have been refused already.
    if (microBatch !== undefined && microBatch > 0 && (microBatch > batch || batch % microBatch !== 0))
      refuse(['microBatch'], `a batch of ${batch} cannot be made of micro-batches of ${microBatch}: expected a divisor of it`);
    if (epochs > 0 && warmup >= epochs)
      refuse(['optimizer', 'warmup'], `expected fewer than the ${epochs} epochs of the run, got ${warmup}`);
  });

export interface TrainConfig extends z.infer<typeof trainConfigSchema> {
  picture: PictureChoice;
  sound: SoundChoice;
}

const common = { neighbours: { k: 1000, sampling: 'random', after: 1, every: 1 }, batchNorm: 'batch', seed: 0 } as const;

/** What the papers do where they say it (Adam, 1e-4, 50 or 20 epochs, 128 pairs), and what learns in minutes on two cores. */
const presets = {
  paper: {
    ...common,
    augmentation: { crop: { enlarge: 1.1 }, flip: 0.5, minArea: 0.08, colour: 1, blur: 0.5, shift: 1 },
    batch: 128,
    microBatch: 16,
    optimizer: { learningRate: 1e-4, weightDecay: 0, schedule: 'constant', warmup: 0 },
  },
  laptop: {
    ...common,
    picture: { preset: 'laptop' },
    sound: { preset: 'laptop' },
    augmentation: { crop: { enlarge: 1 }, flip: 0.5, minArea: 0.3, colour: 0.5, blur: 0, shift: 0.3 },
    neighbours: { ...common.neighbours, k: 20, after: 5, every: 2 },
    batch: 64,
    epochs: 20,
    optimizer: { learningRate: 1e-3, weightDecay: 1e-4, schedule: 'cosine', warmup: 0.5 },
  },
} as const;

export type TrainPreset = keyof typeof presets;
export const trainPresets = Object.keys(presets) as [TrainPreset, ...TrainPreset[]];

/**
 * A preset of a method. `epochs`, as it was given and not checked yet, is how many the run has where they are not the preset's: epochs without
 * semantic positives are then all but one at most.
 */
export function presetConfig(method: MethodName, preset: TrainPreset, epochs?: unknown): TrainConfig {
  const { presets: own, published } = methods[method];
  const settings = own[preset];
  const inputs = { picture: { preset: published.inputs }, sound: { preset: published.inputs }, epochs: published.epochs };
  const chosen = preset === 'paper' ? { ...inputs, ...presets.paper } : presets.laptop;
  const config = structuredClone({ method, settings, ...chosen }) as TrainConfig;
  const { neighbours } = config;
  if (count.safeParse(epochs).success) neighbours.after = Math.min(neighbours.after, (epochs as number) - 1);
  return config;
}

/** What the schemas make of a value. Throws ConfigError with every problem: unknown keys, values out of range, sizes that do not fit. */
export function checkConfig(value: unknown): TrainConfig {
  const found = trainConfigSchema.safeParse(value);
  const name = (value as TrainConfig | undefined)?.method as MethodName;
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  const settings = method?.settings.safeParse((value as TrainConfig).settings);
  if (!found.success || !settings?.success)
    throw ConfigError.of([
      ...problemsOf(trainConfigSchema, found.error),
      ...(method ? problemsOf(method.settings, settings?.error, ['settings']) : []),
    ]);
  const config = { ...found.data, settings: settings.data } as TrainConfig;
  const { after } = config.neighbours;
  if (waitsForNeighbours(config) && after >= config.epochs)
    throw ConfigError.of([
      {
        path: ['neighbours', 'after'],
        message: `semantic positives would begin after ${after} epochs, the run has ${config.epochs}: begin earlier (--after), or train without them (--semantic none)`,
      },
    ]);
  return config;
}
