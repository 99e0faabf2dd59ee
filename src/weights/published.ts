/** The networks whose authors released weights: what they call their parameters, and how they feed them. */
import type { ProtocolName } from '../evaluation/protocols.js';
import type { PresetName } from '../features/choice.js';
import { paperEncoders } from '../methods/encoders.js';
import { type ArchitectureName, type MethodName, methods } from '../methods/index.js';

export interface Published {
  /** Of the weights. */
  source: string;
  architecture: ArchitectureName;
  /** As published; `widths` and `dimensions` are the checkpoint's own. */
  settings: Readonly<Record<string, unknown>>;
  /** As the published test script makes them. */
  inputs: PresetName;
  /** Of the published test script. */
  protocol: ProtocolName;
  /**
   * What begins like this is called so here; null: it is in the checkpoint, and the published network does not compute with it for its maps. The longest
   * beginning counts.
   */
  names: Readonly<Record<string, string | null>>;
  /** What the published test script does with other names: `load_state_dict` refuses them unless it is told otherwise. */
  others: 'refused' | 'left out';
  /** Chosen by name alone: the checkpoint is one of another network too, which is what the published test script takes. */
  byNameOnly?: boolean;
}

/** A method's settings as published. */
const paperOf = (name: MethodName) => methods[name].presets.paper as Readonly<Record<string, unknown>>;

/** What SSLalignment and LVS share: encoders with a first layer for each of three kinds of input, and torchvision's classifier. */
const avenet = {
  architecture: 'sslalign',
  settings: { ...paperOf('sslalign'), alignment: false },
  names: {
    'imgnet.': 'vision.',
    'imgnet.conv1_a.': null,
    'imgnet.conv1_flow.': null,
    'imgnet.fc.': null,
    'audnet.': 'audio.',
    'audnet.conv1.': null,
    'audnet.conv1_a.': 'audio.conv1.',
    'audnet.conv1_flow.': null,
    'audnet.fc.': null,
  },
} as const;

/** What EZ-VSL and FNAC share: torchvision's ResNet-18, and one linear map of each side. */
const projected = {
  architecture: 'ezvsl',
  settings: paperOf('ezvsl'),
  inputs: 'ezvsl',
  names: {
    'imgnet.': 'vision.',
    'img_proj.': 'visionProjection.0.',
    'audnet.': 'audio.',
    'aud_proj.': 'audioProjection.0.',
  },
  others: 'refused',
} as const;

const slavc = {
  source: 'Mo and Morgado, NeurIPS 2022 (stoneMo/SLAVC)',
  architecture: 'slavc',
  settings: { ...paperEncoders, pictureStride: 2, soundStride: 2, dimensions: 512 },
  inputs: 'ezvsl',
  protocol: 'slavc',
  others: 'refused',
} as const;

export const publishedNetworks = {
  sslalign: {
    ...avenet,
    source: 'Senocak et al., ICCV 2023 (kaistmm/SSLalignment)',
    inputs: 'sslalign',
    protocol: 'sslalign',
    others: 'left out',
  },
  lvs: {
    ...avenet,
    source: 'Chen et al., CVPR 2021 (hche11/Localizing-Visual-Sounds-the-Hard-Way)',
    inputs: 'lvs',
    protocol: 'lvs',
    others: 'refused',
  },
  ezvsl: { ...projected, source: 'Mo and Morgado, ECCV 2022 (stoneMo/EZ-VSL)', protocol: 'ezvsl' },
  fnac: { ...projected, source: 'Sun et al., CVPR 2023 (OpenNLPLab/FNAC_AVL)', protocol: 'fnac' },
  /** The published test scripts do not pass `--use_mom_eval`, with which the training's validation takes the momentum copies. */
  slavc: {
    ...slavc,
    names: {
      'imgnet.': 'vision.',
      'img_proj1.': 'visionProjection1.0.',
      'img_proj2.': 'visionProjection2.0.',
      'audnet.': 'audio.',
      'aud_proj1.': 'audioProjection1.0.',
      'aud_proj2.': 'audioProjection2.0.',
      momentum_: null,
    },
  },
  'slavc-momentum': {
    ...slavc,
    names: {
      'momentum_imgnet.': 'vision.',
      'momentum_img_proj1.': 'visionProjection1.0.',
      'momentum_img_proj2.': 'visionProjection2.0.',
      'momentum_audnet.': 'audio.',
      'momentum_aud_proj1.': 'audioProjection1.0.',
      'momentum_aud_proj2.': 'audioProjection2.0.',
      'imgnet.': null,
      img_proj: null,
      'audnet.': null,
      aud_proj: null,
    },
    byNameOnly: true,
  },
} as const satisfies Record<string, Published>;

export type PublishedName = keyof typeof publishedNetworks;
export const publishedNames = Object.keys(publishedNetworks) as [PublishedName, ...PublishedName[]];
