/** What benchmarks hold: pictures and sounds, and where in the picture each sound comes from. */
import type { Box } from '../../features/spec.js';
import type { MediaRef, Problem } from '../types.js';

/** Where in the picture the sound of a sample comes from. */
export type Annotation =
  /**
   * Boxes in the units of `frame`: the picture's own pixels, 224-pixel units (IS3), 256-pixel units (Flickr-SoundNet), or shares of 1
   * (VGG-SS, frame 1 x 1). As they were published: they may be empty or reach beyond the frame.
   */
  | { kind: 'boxes'; boxes: readonly Box[]; frame: { width: number; height: number } }
  /** A picture that is bright where the sounding object is. */
  | { kind: 'mask'; path: string }
  /** The same in memory: [height * width], bright where the object is. */
  | { kind: 'pixels'; brightness: Uint8Array; width: number; height: number }
  /** Nothing in the picture makes this sound (the extended sets). */
  | { kind: 'nonSounding' };

export interface BenchmarkSample {
  /** Unique in its benchmark; maps are found by it. */
  id: string;
  /** Samples of one picture have the same: what IIoU groups by. From the annotation, never guessed. */
  image: string;
  /** The file name that the published evaluators see, as `name` of theirs, with folders and without extension. */
  publishedName: string;
  category?: string;
  annotation: Annotation;
  /** Where picture and sound lie; not set when a benchmark is read without its media (maps made elsewhere need none). */
  picture?: MediaRef;
  sound?: MediaRef;
}

/** An ordered set of annotated samples. */
export interface Benchmark {
  name: string;
  samples: readonly BenchmarkSample[];
  /** What was annotated and cannot be used (missing files), each with its reason. It is never replaced. */
  problems: readonly Problem[];
  /**
   * `one`: boxes are of one annotator and stand for several objects, any of them counts. `several`: each box is one annotator's word on the
   * same object, and protocols weigh a pixel by how many agree (Flickr-SoundNet).
   */
  annotators: 'one' | 'several';
}
