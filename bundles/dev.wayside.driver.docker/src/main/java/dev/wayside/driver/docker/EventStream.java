// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.docker;

import dev.wayside.api.driver.ContainerDriver;
import dev.wayside.model.JsonObject;
import io.netty.handler.codec.http.HttpMethod;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine's events about this gateway's containers, as hints. Everything here happens on the
 * socket's event loop. A stream that ends is opened again, from where it was, with back-off.
 */
final class EventStream {
    private static final Logger LOG = LoggerFactory.getLogger(EventStream.class);
    private static final Duration FIRST_WAIT = Duration.ofMillis(500);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);

    private final DockerSocket socket;
    private final String filter;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();

    // Owned by the event loop.
    private String since;
    private Duration wait = FIRST_WAIT;
    private boolean closed;
    private DockerSocket.@Nullable Stream stream;

    EventStream(DockerSocket socket, Labels labels, Instant since) {
        this.socket = socket;
        this.filter = labels.eventFilter();
        this.since = Long.toString(since.getEpochSecond());
    }

    /** Equal to itself alone: one consumer may watch twice. */
    private final class Listener implements ContainerDriver.Subscription {
        private final Consumer<String> podUid;

        Listener(Consumer<String> podUid) {
            this.podUid = podUid;
        }

        @Override
        public void close() {
            listeners.remove(this);
        }
    }

    ContainerDriver.Subscription subscribe(Consumer<String> podUid) {
        Listener listener = new Listener(podUid);
        listeners.add(listener);
        return listener;
    }

    void start() {
        socket.loop().execute(this::open);
    }

    void close() {
        listeners.clear();
        socket.loop()
                .execute(
                        () -> {
                            closed = true;
                            if (stream != null) {
                                stream.close();
                            }
                        });
    }

    private void open() {
        if (closed) {
            return;
        }
        // Without a version in the path: events have not changed since 1.22.
        DockerSocket.Stream opened =
                socket.open(
                        DockerSocket.Question.of(
                                HttpMethod.GET, "/events?since=" + since + "&filters=" + filter),
                        this::event,
                        Duration.ZERO);
        stream = opened;
        var unused = opened.answer().whenComplete((answer, failure) -> again());
    }

    private void again() {
        if (closed) {
            return;
        }
        long millis = wait.toMillis();
        long jittered = ThreadLocalRandom.current().nextLong(millis / 2, millis + 1);
        Duration doubled = wait.multipliedBy(2);
        wait = doubled.compareTo(LONGEST_WAIT) < 0 ? doubled : LONGEST_WAIT;
        try {
            var unused = socket.loop().schedule(this::open, jittered, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException ending) {
            closed = true;
        }
    }

    private void event(byte[] line) {
        wait = FIRST_WAIT;
        JsonObject event = DockerApi.object(line);
        long nanos = event.number("timeNano").orElse(0);
        if (nanos > 0) {
            since = String.format("%d.%09d", nanos / 1_000_000_000, nanos % 1_000_000_000 + 1);
        }
        String podUid = event.text("Actor", "Attributes", Labels.POD);
        if (podUid.isEmpty()) {
            return;
        }
        for (Listener listener : listeners) {
            try {
                listener.podUid.accept(podUid);
            } catch (RuntimeException e) {
                LOG.warn("a listener failed on a hint about pod {}", podUid, e);
            }
        }
    }
}
