// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Follows the Pods by a watch, so that waiting for one costs nobody anything. */
final class PodWatch implements AutoCloseable {
    private final Stream<String> lines;
    private final Thread reader;

    @GuardedBy("this")
    private final Map<String, KubeObject> newest = new HashMap<>();

    @GuardedBy("this")
    private String ended = "";

    PodWatch(Api api) throws IOException, InterruptedException {
        this.lines = api.watch(Api.PODS);
        this.reader = new Thread(this::read, "wayside-bench-watch");
        reader.setDaemon(true);
        reader.start();
    }

    private void read() {
        String why = "the connector ended it";
        try {
            lines.forEach(this::take);
        } catch (RuntimeException e) {
            why = e.toString();
        }
        synchronized (this) {
            ended = why;
            notifyAll();
        }
    }

    private synchronized void take(String line) {
        try {
            JsonObject event = Api.object(line);
            KubeObject pod = new KubeObject(event.object("object"));
            switch (event.text("type")) {
                case "ADDED", "MODIFIED" -> newest.put(pod.name(), pod);
                case "DELETED" -> newest.remove(pod.name());
                default -> {} // a bookmark
            }
            notifyAll();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until the pod is there and as wanted. */
    KubeObject await(String name, Duration within, Predicate<KubeObject> wanted)
            throws InterruptedException {
        return awaitState(name, within, pod -> pod.filter(wanted).isPresent()).orElseThrow();
    }

    void awaitGone(String name, Duration within) throws InterruptedException {
        var unused = awaitState(name, within, Optional::isEmpty);
    }

    private synchronized Optional<KubeObject> awaitState(
            String name, Duration within, Predicate<Optional<KubeObject>> wanted)
            throws InterruptedException {
        long deadline = System.nanoTime() + within.toNanos();
        while (true) {
            Optional<KubeObject> pod = Optional.ofNullable(newest.get(name));
            if (wanted.test(pod)) {
                return pod;
            }
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0 || !ended.isEmpty()) {
                throw new IllegalStateException(
                        "pod " + name + " did not become as wanted; watch: " + ended + "; " + pod);
            }
            wait(left);
        }
    }

    @Override
    public void close() {
        lines.close();
    }
}
