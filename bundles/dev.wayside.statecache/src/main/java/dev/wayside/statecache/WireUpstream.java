// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.wire.HttpConnection;
import dev.wayside.wire.HttpResponse;
import dev.wayside.wire.LineSplitter;
import dev.wayside.wire.StreamHandle;
import dev.wayside.wire.StreamListener;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** An HTTP/2 connection as the cache sees it. */
final class WireUpstream implements Upstream {
    private static final Duration TIMEOUT = Duration.ofSeconds(15);
    private static final int MAX_LINE_BYTES = 3 * 1024 * 1024;
    private static final Map<String, String> NO_HEADERS = Map.of("accept", "application/json");

    private final HttpConnection connection;

    WireUpstream(HttpConnection connection) {
        this.connection = connection;
    }

    @Override
    public CompletableFuture<HttpResponse> send(
            String method, String target, String contentType, byte[] body) {
        Map<String, String> headers =
                contentType.isEmpty()
                        ? NO_HEADERS
                        : Map.of("accept", "application/json", "content-type", contentType);
        return connection.send(method, target, headers, body, TIMEOUT);
    }

    @Override
    public LineStream lines(String target, LineListener listener) {
        StreamHandle handle =
                connection.stream("GET", target, NO_HEADERS, new byte[0], new Lines(listener));
        return handle::cancel;
    }

    @Override
    public void onClosed(Runnable action) {
        var unused = connection.closed().whenComplete((done, failure) -> action.run());
    }

    @Override
    public void close() {
        connection.close();
    }

    private static final class Lines implements StreamListener {
        private final LineListener listener;
        private final LineSplitter splitter;
        private int status;

        Lines(LineListener listener) {
            this.listener = listener;
            this.splitter = new LineSplitter(MAX_LINE_BYTES, listener::onLine);
        }

        @Override
        public void onHeaders(int code, Map<String, String> headers) {
            status = code;
        }

        @Override
        public boolean onData(byte[] chunk) {
            if (status == 200) {
                try {
                    splitter.add(chunk);
                } catch (LineSplitter.LineTooLongException e) {
                    throw new IllegalStateException(e); // resets the stream, then onError
                }
            }
            return true;
        }

        @Override
        public void onEnd() {
            listener.onEnd(status == 200 && !splitter.complete() ? 0 : status);
        }

        @Override
        public void onError(Throwable cause) {
            listener.onEnd(0);
        }
    }
}
