// Owns the few forms of DER (X.690) that a certificate is written in.
// Must not know what a certificate is.

export const tlv = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  const size = body.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
export const sequence = (...parts: readonly Uint8Array[]): Buffer => tlv(0x30, ...parts);
export const oid = (hex: string): Buffer => tlv(0x06, Buffer.from(hex, "hex"));
export const utcTime = (ms: number): Buffer => {
  const digits = new Date(ms).toISOString().replace(/[-:T]|\.\d+Z/g, "");
  return tlv(0x17, Buffer.from(`${digits.slice(2)}Z`));
};
