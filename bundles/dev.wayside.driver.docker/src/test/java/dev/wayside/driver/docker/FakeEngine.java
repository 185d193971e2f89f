// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.docker;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** An engine that says what a test wants, which a real one does not do when asked. */
final class FakeEngine implements AutoCloseable {
    static final String VERSION =
            "{\"Version\":\"20.10.24\",\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\",\"Arch\":\"amd64\"}";

    /** Answers one request line, by writing to the channel. */
    interface Handler {
        void handle(String requestLine, SocketChannel channel) throws IOException;
    }

    private final Path socket;
    private final ServerSocketChannel server;
    private final Handler handler;
    private final List<Thread> threads = new ArrayList<>();

    FakeEngine(Path socket, Handler handler) throws IOException {
        this.socket = socket;
        this.handler = handler;
        this.server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        spawn(this::accept);
    }

    private void spawn(Runnable task) {
        Thread thread = new Thread(task, "fake-engine");
        thread.setDaemon(true);
        synchronized (threads) {
            threads.add(thread);
        }
        thread.start();
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel channel = server.accept();
                spawn(() -> serve(channel));
            }
        } catch (IOException closed) {
            return;
        }
    }

    private void serve(SocketChannel channel) {
        try (channel) {
            StringBuilder head = new StringBuilder();
            ByteBuffer some = ByteBuffer.allocate(8192);
            while (head.indexOf("\r\n\r\n") < 0 && channel.read(some) >= 0) {
                head.append(StandardCharsets.ISO_8859_1.decode(some.flip()));
                some.clear();
            }
            String line = head.toString().lines().findFirst().orElse("");
            if (line.startsWith("GET /version")) {
                answer(channel, 200, VERSION);
            } else {
                handler.handle(line, channel);
            }
        } catch (IOException gone) {
            return;
        }
    }

    static void answer(SocketChannel channel, int status, String body) throws IOException {
        write(
                channel,
                "HTTP/1.1 "
                        + status
                        + " X\r\nContent-Length: "
                        + body.getBytes(StandardCharsets.UTF_8).length
                        + "\r\n\r\n"
                        + body);
    }

    static void write(SocketChannel channel, String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        Files.deleteIfExists(socket);
        synchronized (threads) {
            threads.forEach(Thread::interrupt);
        }
    }
}
