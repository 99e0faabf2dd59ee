/** How long pictures are of which no header tells it, as in live recordings. */
import { Input, tickOf } from './input.js';
import type { Pace } from './pace.js';

/**
 * Seconds from the input's zero to the end of the last picture of a file that has some: every packet is read, none decoded. Where
 * reading stops for damage, so does the count.
 */
export async function measureEnd(path: string, name: string, pace: Pace): Promise<number> {
  const input = await Input.open(path, name);
  const { lib, constants, again } = input.ffmpeg;
  const stream = input.picture!;
  const packet = new lib.Packet();
  packet.alloc();
  try {
    let end = 0;
    for (;;) {
      const read = input.format.readFrameSync(packet);
      if (read === again) continue;
      if (read < 0) return end;
      const { pts, duration, streamIndex, flags } = packet;
      const isShown = pts !== constants.AV_NOPTS_VALUE && !(flags & constants.AV_PKT_FLAG_DISCARD);
      if (isShown && streamIndex === stream.index) end = Math.max(end, Number(pts + duration) * tickOf(stream) - input.zero);
      packet.unref();
      if (pace.due) await pace.breathe();
    }
  } finally {
    packet.free();
    input.close();
  }
}
