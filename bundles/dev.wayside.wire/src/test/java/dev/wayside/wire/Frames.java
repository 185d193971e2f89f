// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** HTTP/2 frames by hand (RFC 9113), for peers that no library would play. */
final class Frames {
    record Frame(int type, int flags, int stream, byte[] payload) {}

    private Frames() {}

    /** The client's connection preface and empty SETTINGS. */
    static byte[] preface() {
        return join(
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII), frame(4, 0, 0, new byte[0]));
    }

    /** GET https://localhost/, or the beginning of a POST there. */
    static byte[] headers(int stream, boolean end) {
        byte[] host = "localhost".getBytes(US_ASCII);
        byte[] block =
                join(
                        new byte[] {(byte) (end ? 0x82 : 0x83), (byte) 0x84, (byte) 0x87},
                        new byte[] {0x41, (byte) host.length},
                        host);
        return frame(1, end ? 0x5 : 0x4, stream, block);
    }

    /** GET https://localhost/TARGET; the target is short. */
    static byte[] headers(int stream, boolean end, String target) {
        byte[] path = target.getBytes(US_ASCII);
        byte[] host = "localhost".getBytes(US_ASCII);
        byte[] block =
                join(
                        new byte[] {(byte) 0x82, (byte) 0x87, 0x04, (byte) path.length},
                        path,
                        new byte[] {0x01, (byte) host.length},
                        host);
        return frame(1, end ? 0x5 : 0x4, stream, block);
    }

    /** A header field as HPACK has it: a literal, not indexed, at most 16 KiB long. */
    static byte[] literal(String name, String value) {
        int rest = value.length() - 127;
        return join(
                new byte[] {0, (byte) name.length()},
                name.getBytes(US_ASCII),
                new byte[] {127, (byte) ((rest & 127) | 128), (byte) (rest >>> 7)},
                value.getBytes(US_ASCII));
    }

    static byte[] frame(int type, int flags, int stream, byte[] payload) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(payload.length >>> 16);
        out.write(payload.length >>> 8);
        out.write(payload.length);
        out.write(type);
        out.write(flags);
        out.write(stream >>> 24);
        out.write(stream >>> 16);
        out.write(stream >>> 8);
        out.write(stream);
        out.writeBytes(payload);
        return out.toByteArray();
    }

    /** The next frame of the stream; those of others are skipped. */
    static Frame next(InputStream in, int stream) throws IOException {
        DataInputStream data = new DataInputStream(in);
        while (true) {
            int high = data.read();
            if (high < 0) {
                throw new EOFException("the connection ended");
            }
            int length = high << 16 | data.readUnsignedShort();
            int type = data.readUnsignedByte();
            int flags = data.readUnsignedByte();
            int of = data.readInt() & Integer.MAX_VALUE;
            byte[] payload = new byte[length];
            data.readFully(payload);
            if (of == stream) {
                return new Frame(type, flags, of, payload);
            }
        }
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}
