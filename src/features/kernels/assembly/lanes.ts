/** Arithmetic on four float32 at a time, under short names. */

// @ts-ignore: decorator
@inline
export function add(a: v128, b: v128): v128 {
  return f32x4.add(a, b);
}

// @ts-ignore: decorator
@inline
export function sub(a: v128, b: v128): v128 {
  return f32x4.sub(a, b);
}

// @ts-ignore: decorator
@inline
export function mul(a: v128, b: v128): v128 {
  return f32x4.mul(a, b);
}

/** The float32 at an address, in all lanes. */
// @ts-ignore: decorator
@inline
export function splat(at: usize): v128 {
  return v128.load_splat<f32>(at);
}
