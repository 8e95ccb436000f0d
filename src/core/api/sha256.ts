/** SHA-256 (FIPS 180-4), for names that must be those that the kubelet gives; not for anything secret. */

const encoder = new TextEncoder();

/** First 32 bits of the fractional parts of the roots of the first primes: cube roots here, square roots below. */
const [ROUND_WORDS, FIRST_STATE] = primeFractions(64);

function primeFractions(count: number): readonly [Int32Array, Int32Array] {
  const primes: number[] = [];
  for (let candidate = 2; primes.length < count; candidate += 1) {
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  }
  const fraction = (root: number) => Math.floor((root - Math.floor(root)) * 2 ** 32) | 0;
  return [
    Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime))),
    Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime))),
  ];
}

/** The digest of the text's UTF-8 bytes as 64 hexadecimal digits. */
export function sha256(text: string): string {
  const bytes = encoder.encode(text);
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(padded.length - 4, (bytes.length * 8) >>> 0);
  const state = Int32Array.from(FIRST_STATE);
  for (let block = 0; block < padded.length; block += 64) mix(state, schedule(view, block));
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

function schedule(view: DataView, block: number): Int32Array {
  const words = new Int32Array(64);
  for (let index = 0; index < 64; index += 1) {
    if (index < 16) {
      words[index] = view.getInt32(block + index * 4);
      continue;
    }
    const [near, far] = [words[index - 2] ?? 0, words[index - 15] ?? 0];
    const nearMixed = turn(near, 17) ^ turn(near, 19) ^ (near >>> 10);
    const farMixed = turn(far, 7) ^ turn(far, 18) ^ (far >>> 3);
    words[index] = (nearMixed + (words[index - 7] ?? 0) + farMixed + (words[index - 16] ?? 0)) | 0;
  }
  return words;
}

function mix(state: Int32Array, words: Int32Array): void {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let round = 0; round < 64; round += 1) {
    const upper = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
    const choice = (e & f) ^ (~e & g);
    const first = (h + upper + choice + (ROUND_WORDS[round] ?? 0) + (words[round] ?? 0)) | 0;
    const lower = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + lower + majority) | 0];
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) state[index] = ((state[index] ?? 0) + word) | 0;
}

function turn(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}
