const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Standard base64 of the UTF-8 bytes of `text`. */
export function encodeBase64Text(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let encoded = "";
  for (let start = 0; start < bytes.length; start += 3) {
    const [first = 0, second, third] = bytes.subarray(start, start + 3);
    const bits = (first << 16) | ((second ?? 0) << 8) | (third ?? 0);
    encoded += ALPHABET.charAt(bits >> 18) + ALPHABET.charAt((bits >> 12) & 63);
    encoded += second === undefined ? "=" : ALPHABET.charAt((bits >> 6) & 63);
    encoded += third === undefined ? "=" : ALPHABET.charAt(bits & 63);
  }
  return encoded;
}
