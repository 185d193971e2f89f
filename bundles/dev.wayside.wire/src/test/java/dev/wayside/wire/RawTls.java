// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;

/** A client that does byte by byte what no decent client would. */
final class RawTls implements AutoCloseable {
    private final SSLSocket socket;

    RawTls(Fixture fixture, int port, String protocol) throws Exception {
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(
                new KeyManager[] {new OwnKey(fixture.gateway)},
                new TrustManager[] {new PeerTrust(chain -> {})},
                null);
        Socket plain = new Socket();
        // Small, so that a reader that does not read is soon felt by the writer.
        plain.setReceiveBufferSize(32 * 1024);
        plain.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        socket =
                (SSLSocket) context.getSocketFactory().createSocket(plain, "localhost", port, true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {protocol});
        socket.setSSLParameters(parameters);
        socket.setSoTimeout((int) Fixture.PATIENCE.toMillis());
        socket.startHandshake();
    }

    RawTls write(String text) throws IOException {
        return write(text.getBytes(ISO_8859_1));
    }

    RawTls write(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
        return this;
    }

    InputStream in() throws IOException {
        return socket.getInputStream();
    }

    /** Reads up to and including the text; at most 4 KiB. */
    String readUntil(String end) throws IOException {
        StringBuilder read = new StringBuilder();
        while (!read.toString().endsWith(end)) {
            int next = in().read();
            if (next < 0) {
                throw new IOException("ended after: " + read);
            }
            read.append((char) next);
            if (read.length() > 4_096) {
                throw new IOException("not found in: " + read);
            }
        }
        return read.toString();
    }

    /** Reads so many bytes and drops them. */
    void skip(long bytes) throws IOException {
        in().skipNBytes(bytes);
    }

    /** Reads to the end of the connection, however it ends. */
    String readToEnd() {
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        try {
            byte[] buffer = new byte[8 * 1024];
            int some;
            while ((some = in().read(buffer)) >= 0) {
                read.write(buffer, 0, some);
            }
        } catch (IOException e) {
            // A reset is an end too.
        }
        return read.toString(ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
