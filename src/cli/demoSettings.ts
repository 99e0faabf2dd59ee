/** What the drawn world is learnt from and with, where it is made on the spot. */

/** More pairs seen fewer times: they cost less than the training, and a small network remembers few. */
export const demoPairs = 8000;

export const demoConfig = { sound: { seconds: 1.5 }, epochs: 11 } as const;

/** The one whose upsampling has half-pixel centres, as the maps' positions have. */
export const demoProtocol = 'sslalign-vggss';
