/** The optional package node-av: FFmpeg's libraries, loaded when the first file needs them. */
import type * as Constants from 'node-av/constants';
import type * as Library from 'node-av/lib';
import { MediaError } from '../types.js';

export interface Ffmpeg {
  readonly lib: typeof Library;
  readonly constants: typeof Constants;
  /** What a codec answers when it wants more input first; the number differs between systems. */
  readonly again: number;
}

let loading: Promise<Ffmpeg> | undefined;

/** FFmpeg's libraries. Throws MediaError 'needsFfmpeg', naming `file`, when node-av is not installed or its binary does not load. */
export async function loadFfmpeg(file: string): Promise<Ffmpeg> {
  // Only the low-level interface: the other half of the package needs Promise.withResolvers, which Node 20 lacks.
  loading ??= Promise.all([import('node-av/lib'), import('node-av/constants')]).then(([lib, constants]) => {
    // What goes wrong is in our errors; FFmpeg's own lines would only clutter the terminal.
    lib.Log.setLevel(constants.AV_LOG_QUIET);
    return { lib, constants, again: lib.FFmpegError.AVERROR(lib.PosixError.EAGAIN) };
  });
  try {
    return await loading;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    throw new MediaError(
      'needsFfmpeg',
      file,
      `this format needs the optional package node-av, which ${missing ? 'is not installed' : `does not load (${(error as Error).message.trim()})`}; ` +
        'run `npm install node-av` (pictures and WAV files work without it)',
      { cause: error },
    );
  }
}
