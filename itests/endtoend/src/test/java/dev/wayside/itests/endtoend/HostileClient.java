// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** A TLS connection on which anything at all can be said. */
final class HostileClient implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 60_000;

    private final SSLSocket socket;

    HostileClient(SSLContext context, int port, String protocol) throws IOException {
        Socket plain = new Socket();
        plain.setReceiveBufferSize(16 * 1024);
        plain.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        socket =
                (SSLSocket) context.getSocketFactory().createSocket(plain, "127.0.0.1", port, true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {protocol});
        socket.setSSLParameters(parameters);
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.startHandshake();
    }

    HostileClient write(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    HostileClient write(String text) throws IOException {
        return write(text.getBytes(ISO_8859_1));
    }

    /** Sends the piece over and over, until so much is sent or the other side has had enough. */
    long pour(byte[] piece, long most) {
        long sent = 0;
        try {
            while (sent < most) {
                socket.getOutputStream().write(piece);
                sent += piece.length;
            }
        } catch (IOException e) {
            // It has closed: that is an answer.
        }
        return sent;
    }

    /** The first line of an HTTP/1.1 answer; empty if the connection ends without one. */
    String statusLine() {
        StringBuilder line = new StringBuilder();
        try {
            InputStream in = socket.getInputStream();
            for (int next = in.read(); next >= 0 && next != '\r'; next = in.read()) {
                line.append((char) next);
            }
        } catch (IOException e) {
            // Cut off.
        }
        return line.toString();
    }

    /** Reads HTTP/2 frames until one of this type on this stream, or the end: empty. */
    byte[] frame(int type, int stream) {
        try {
            DataInputStream in = new DataInputStream(socket.getInputStream());
            while (true) {
                int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
                int found = in.readUnsignedByte();
                in.readUnsignedByte();
                int of = in.readInt() & Integer.MAX_VALUE;
                byte[] payload = new byte[length];
                in.readFully(payload);
                if (found == type && of == stream) {
                    return payload;
                }
            }
        } catch (IOException e) {
            return new byte[0];
        }
    }

    /** The preface of HTTP/2 and SETTINGS that let the peer send so much on each stream. */
    static byte[] preface(int window) {
        return join(
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII),
                frame(
                        4,
                        0,
                        0,
                        new byte[] {
                            0,
                            4,
                            (byte) (window >>> 24),
                            (byte) (window >>> 16),
                            (byte) (window >>> 8),
                            (byte) window
                        }));
    }

    /** HEADERS of a GET, or with an end still to come, of a POST. */
    static byte[] request(int stream, boolean get, String path) {
        byte[] target = path.getBytes(US_ASCII);
        return frame(
                1,
                get ? 0x5 : 0x4,
                stream,
                join(
                        new byte[] {(byte) (get ? 0x82 : 0x83), (byte) 0x87, 0x04},
                        new byte[] {(byte) target.length},
                        target,
                        new byte[] {0x01, 9},
                        "localhost".getBytes(US_ASCII)));
    }

    static byte[] frame(int type, int flags, int stream, byte[] payload) {
        byte[] head = {
            (byte) (payload.length >>> 16),
            (byte) (payload.length >>> 8),
            (byte) payload.length,
            (byte) type,
            (byte) flags,
            (byte) (stream >>> 24),
            (byte) (stream >>> 16),
            (byte) (stream >>> 8),
            (byte) stream
        };
        return join(head, payload);
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
