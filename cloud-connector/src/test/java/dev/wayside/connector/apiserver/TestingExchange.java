// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.model.Json;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import dev.wayside.wire.HttpExchange;
import dev.wayside.wire.HttpResponse;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Keeps an answer for a test to look at; a streamed one can be told to be slow. */
public final class TestingExchange implements HttpExchange, HttpExchange.ResponseStream {
    private static final long PATIENCE_SECONDS = 10;

    private final CountDownLatch answered = new CountDownLatch(1);
    private final ByteArrayOutputStream streamed = new ByteArrayOutputStream();
    private final List<Runnable> onClose = new ArrayList<>();
    private HttpResponse response = new HttpResponse(0, Map.of(), new byte[0]);
    private Runnable onWritable = () -> {};
    private int lines;
    private boolean over;
    private int longestWrite;
    private boolean slow;
    private boolean ended;
    private boolean aborted;

    @Override
    public synchronized void respond(HttpResponse answer) {
        if (answered.getCount() == 0) {
            throw new IllegalStateException("answered already");
        }
        response = answer;
        answered.countDown();
    }

    @Override
    public synchronized ResponseStream stream(int status, Map<String, String> headers) {
        respond(new HttpResponse(status, headers, new byte[0]));
        return this;
    }

    @Override
    public ResponseStream webSocket(String protocol) {
        return stream(101, Map.of());
    }

    @Override
    public void onClose(Runnable action) {
        synchronized (this) {
            if (!over) {
                onClose.add(action);
                return;
            }
        }
        action.run();
    }

    @Override
    public synchronized boolean write(byte[] chunk) {
        streamed.writeBytes(chunk);
        longestWrite = Math.max(longestWrite, chunk.length);
        for (byte b : chunk) {
            lines += b == '\n' ? 1 : 0;
        }
        notifyAll();
        return !slow;
    }

    @Override
    public synchronized void onWritable(Runnable action) {
        onWritable = action;
    }

    @Override
    public synchronized void end() {
        ended = true;
        notifyAll();
    }

    @Override
    public synchronized void abort() {
        aborted = true;
        notifyAll();
    }

    /** From now on every chunk fills the client's window. */
    synchronized void becomeSlow() {
        slow = true;
    }

    void becomeFast() {
        Runnable action;
        synchronized (this) {
            slow = false;
            action = onWritable;
        }
        action.run();
    }

    /** The client goes away. */
    void hangUp() {
        List<Runnable> actions;
        synchronized (this) {
            over = true;
            actions = List.copyOf(onClose);
        }
        actions.forEach(Runnable::run);
    }

    public HttpResponse response() {
        try {
            if (!answered.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("no answer");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        return response;
    }

    public JsonObject json() {
        return parse(new String(response().body(), StandardCharsets.UTF_8));
    }

    /** The events so far, once they are as many. */
    List<JsonObject> events(int count) {
        await(exchange -> exchange.lines >= count, count + " events");
        return lines();
    }

    synchronized int longestWrite() {
        return longestWrite;
    }

    synchronized List<JsonObject> lines() {
        return streamed.toString(StandardCharsets.UTF_8)
                .lines()
                .map(TestingExchange::parse)
                .toList();
    }

    void awaitEnd() {
        await(exchange -> exchange.ended, "the end");
    }

    void awaitAbort() {
        await(exchange -> exchange.aborted, "the abort");
    }

    private synchronized void await(Predicate<TestingExchange> condition, String what) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        try {
            while (!condition.test(this)) {
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (left <= 0) {
                    throw new AssertionError(
                            "waited in vain for " + what + ", there is: " + lines());
                }
                wait(left);
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static JsonObject parse(String text) {
        try {
            return (JsonObject) Json.parse(text);
        } catch (JsonException e) {
            throw new AssertionError("no JSON: " + text, e);
        }
    }
}
