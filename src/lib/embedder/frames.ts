import { MAX_MESSAGE_BYTES } from './limits.js';

/** The other side broke the protocol: its session ends, its host does not. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** One message on the wire: u32 length of what follows, u8 type, u32 request id, body; integers little-endian. */
export interface Frame {
  readonly type: number;
  readonly id: number;
  readonly body: Buffer;
}

const LENGTH_BYTES = 4;
const HEADER_BYTES = 5;
/** The largest body that a frame can carry. */
export const MAX_BODY_BYTES = MAX_MESSAGE_BYTES - LENGTH_BYTES - HEADER_BYTES;

/** The bytes of one frame. Throws a ProtocolError where the body is too large: that is a bug of the sender. */
export function encodeFrame(type: number, id: number, body: Uint8Array): Buffer {
  if (body.byteLength > MAX_BODY_BYTES) {
    throw new ProtocolError(
      `a message of type ${type} with ${body.byteLength} bytes is over the limit of ${MAX_BODY_BYTES}`,
    );
  }
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES + HEADER_BYTES + body.byteLength);
  bytes.writeUInt32LE(HEADER_BYTES + body.byteLength, 0);
  bytes.writeUInt8(type, 4);
  bytes.writeUInt32LE(id, 5);
  bytes.set(body, LENGTH_BYTES + HEADER_BYTES);
  return bytes;
}

/** Cuts a byte stream into frames; holds less than one message between two chunks. */
export class FrameReader {
  #rest: Buffer | null = null;

  /**
   * The frames that `chunk` completes. A body is a view of `chunk` and valid until the caller returns to the event loop.
   * Throws a ProtocolError on a length that no message has, before anything is allocated for it.
   */
  *read(chunk: Buffer): Generator<Frame> {
    let bytes = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = null;
    while (bytes.length >= LENGTH_BYTES) {
      const length = bytes.readUInt32LE(0);
      if (length < HEADER_BYTES || length > MAX_MESSAGE_BYTES - LENGTH_BYTES) {
        throw new ProtocolError(
          `a message of ${length} bytes is outside ${HEADER_BYTES} to ${MAX_MESSAGE_BYTES - LENGTH_BYTES}`,
        );
      }
      const end = LENGTH_BYTES + length;
      if (bytes.length < end) break;
      yield {
        type: bytes.readUInt8(4),
        id: bytes.readUInt32LE(5),
        body: bytes.subarray(LENGTH_BYTES + HEADER_BYTES, end),
      };
      bytes = bytes.subarray(end);
    }
    // A copy, so that a few bytes do not keep a whole chunk alive.
    if (bytes.length > 0) this.#rest = Buffer.from(bytes);
  }
}
