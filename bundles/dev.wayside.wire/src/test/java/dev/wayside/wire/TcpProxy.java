// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/** Stands between client and server, and can fall silent as a cut cable does: no FIN, no RST. */
final class TcpProxy implements AutoCloseable {
    private final ServerSocket listener;
    private final int target;
    private final List<Socket> sockets = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean silent;

    TcpProxy(int target) throws IOException {
        this.target = target;
        listener = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
        begin("accept", this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    void fallSilent() {
        silent = true;
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listener.accept();
                Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
                synchronized (sockets) {
                    sockets.add(client);
                    sockets.add(server);
                }
                begin("up", () -> copy(client, server));
                begin("down", () -> copy(server, client));
            }
        } catch (IOException e) {
            // Closed by the test.
        }
    }

    private void copy(Socket from, Socket to) {
        byte[] buffer = new byte[16 * 1024];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            int read;
            while ((read = in.read(buffer)) >= 0) {
                if (!silent) {
                    out.write(buffer, 0, read);
                    out.flush();
                }
            }
            if (!silent) {
                to.close();
            }
        } catch (IOException e) {
            // One side has closed.
        }
    }

    private void begin(String role, Runnable run) {
        Thread thread = new Thread(run, "proxy-" + role);
        thread.setDaemon(true);
        synchronized (threads) {
            threads.add(thread);
        }
        thread.start();
    }

    @Override
    public void close() throws Exception {
        listener.close();
        synchronized (sockets) {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
        List<Thread> started;
        synchronized (threads) {
            started = List.copyOf(threads);
        }
        for (Thread thread : started) {
            thread.join(5_000);
        }
    }
}
