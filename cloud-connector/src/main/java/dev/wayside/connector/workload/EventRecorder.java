// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.Patch;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes Event objects, from a thread of its own. What is said again about the same object counts
 * up one Event. Never blocks the caller: when more is said than can be written, the newest is
 * dropped and counted. An object may say 25 different things at once, then one every 5 min, as in
 * Kubernetes. Events older than an hour are removed.
 */
public final class EventRecorder implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EventRecorder.class);
    private static final int WAITING = 10_000;
    private static final int REMEMBERED = 4_096;
    private static final int BURST = 25;
    private static final Duration REFILL = Duration.ofMinutes(5);
    private static final Duration KEPT = Duration.ofHours(1);
    private static final Duration SWEEP = Duration.ofMinutes(5);
    private static final int MESSAGE_CHARS = 1_024;

    /** How grave it is. */
    public enum Severity {
        NORMAL("Normal"),
        WARNING("Warning");

        private final String word;

        Severity(String word) {
            this.word = word;
        }
    }

    private record Said(
            KubeObject about, Severity severity, String reason, String message, String by) {}

    /** What counts as the same. */
    private record Same(String uid, Severity severity, String reason, String message, String by) {}

    private record Written(ObjectKey key, long count) {}

    private static final class Allowance {
        double left = BURST;
        long sinceNanos;
    }

    private final ObjectStore store;
    private final Clock clock;
    private final LongSupplier nanoTime;
    private final BlockingQueue<Said> waiting = new ArrayBlockingQueue<>(WAITING);
    private final AtomicLong dropped = new AtomicLong();
    private final Thread thread;
    private volatile boolean closed;

    // The writer thread's own.
    private final Map<Same, Written> written = bounded();
    private final Map<String, Allowance> allowances = bounded();
    private long serial;

    public EventRecorder(ObjectStore store, Clock clock, LongSupplier nanoTime) {
        this.store = store;
        this.clock = clock;
        this.nanoTime = nanoTime;
        this.thread = new Thread(this::run, "wayside-connector-events");
        thread.setDaemon(true);
    }

    public void start() {
        thread.start();
    }

    /**
     * @param by the component that says it
     */
    public void event(
            KubeObject about, Severity severity, String reason, String message, String by) {
        if (!waiting.offer(new Said(about, severity, reason, message, by))) {
            dropped.incrementAndGet();
        }
    }

    /** How many were dropped because too much was said. */
    public long dropped() {
        return dropped.get();
    }

    /** Writes what waits, for up to 2 s, and ends. */
    @Override
    public void close() {
        closed = true;
        Controller.Threads.join(List.of(thread), Duration.ofSeconds(5));
    }

    private void run() {
        serial = clock.millis() * 1_000;
        long swept = nanoTime.getAsLong();
        long end = 0;
        while (true) {
            try {
                Said said = waiting.poll(200, TimeUnit.MILLISECONDS);
                if (closed) {
                    end = end == 0 ? System.nanoTime() + 2_000_000_000L : end;
                    if (said == null || System.nanoTime() > end) {
                        return;
                    }
                }
                if (said != null) {
                    write(said);
                }
                if (nanoTime.getAsLong() - swept > SWEEP.toNanos()) {
                    swept = nanoTime.getAsLong();
                    sweep();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (RuntimeException e) {
                // The edge of the thread. An Event is a courtesy: it is not tried again.
                log.debug("an Event could not be written", e);
            }
        }
    }

    private void write(Said said) {
        KubeObject about = said.about();
        Same same =
                new Same(about.uid(), said.severity(), said.reason(), said.message(), said.by());
        Written before = written.get(same);
        if (!allowed(about.uid())) {
            dropped.incrementAndGet();
            return;
        }
        String now = Conditions.time(clock.instant());
        if (before != null) {
            JsonObject body =
                    JsonObject.builder()
                            .put("count", before.count() + 1)
                            .put("lastTimestamp", now)
                            .build();
            try {
                store.patch(
                        ResourceType.EVENTS,
                        before.key(),
                        Patch.merge(body),
                        "",
                        WriteOptions.by(said.by()));
                written.put(same, new Written(before.key(), before.count() + 1));
                return;
            } catch (ApiException e) {
                if (e.reason() != ApiException.Reason.NOT_FOUND) {
                    throw e;
                }
            }
        }
        KubeObject event = event(said, now);
        store.create(ResourceType.EVENTS, event, WriteOptions.by(said.by()));
        written.put(same, new Written(event.key(ResourceType.EVENTS), 1));
    }

    private KubeObject event(Said said, String now) {
        KubeObject about = said.about();
        String namespace = about.namespace().isEmpty() ? "default" : about.namespace();
        String base = about.name().substring(0, Math.min(about.name().length(), 230));
        String name = base + "." + Long.toHexString(++serial);
        String message =
                said.message().length() <= MESSAGE_CHARS
                        ? said.message()
                        : said.message().substring(0, MESSAGE_CHARS - 3) + "...";
        JsonObject involved =
                JsonObject.builder()
                        .put("kind", about.kind())
                        .putUnlessEmpty("namespace", about.namespace())
                        .put("name", about.name())
                        .put("uid", about.uid())
                        .put("apiVersion", about.apiVersion())
                        .putUnlessEmpty("resourceVersion", about.resourceVersion())
                        .build();
        return new KubeObject(
                KubeObject.of(ResourceType.EVENTS, namespace, name).json().toBuilder()
                        .put("involvedObject", involved)
                        .put("reason", said.reason())
                        .put("message", message)
                        .put("source", JsonObject.of("component", said.by()))
                        .put("reportingComponent", said.by())
                        .put("reportingInstance", "")
                        .put("type", said.severity().word)
                        .put("firstTimestamp", now)
                        .put("lastTimestamp", now)
                        .put("count", 1)
                        .build());
    }

    private boolean allowed(String uid) {
        long now = nanoTime.getAsLong();
        Allowance allowance = allowances.get(uid);
        if (allowance == null) {
            allowance = new Allowance();
            allowance.sinceNanos = now;
            allowances.put(uid, allowance);
        }
        double refilled = (now - allowance.sinceNanos) / (double) REFILL.toNanos();
        allowance.left = Math.min(BURST, allowance.left + refilled);
        allowance.sinceNanos = now;
        if (allowance.left < 1) {
            return false;
        }
        allowance.left -= 1;
        return true;
    }

    private void sweep() {
        Instant before = clock.instant().minus(KEPT);
        for (KubeObject event : store.list(ListQuery.all(ResourceType.EVENTS)).items()) {
            boolean old =
                    KubeObject.time(event.json(), "lastTimestamp")
                            .or(event::created)
                            .filter(last -> last.isBefore(before))
                            .isPresent();
            if (old && !closed) {
                remove(event);
            }
        }
    }

    private void remove(KubeObject event) {
        try {
            store.delete(
                    ResourceType.EVENTS,
                    event.key(ResourceType.EVENTS),
                    new DeleteOptions(
                            OptionalLong.of(0), event.uid(), event.resourceVersion(), null, false));
        } catch (ApiException e) {
            // Gone, or said again in between: both are fine.
            log.trace("{} stays", event, e);
        }
    }

    private static <K, V> Map<K, V> bounded() {
        return new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
                return size() > REMEMBERED;
            }
        };
    }
}
