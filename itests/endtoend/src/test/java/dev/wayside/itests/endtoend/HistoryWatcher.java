// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import dev.wayside.itests.endtoend.HistoryChecker.Stretch;
import dev.wayside.itests.endtoend.StoreHistory.State;
import dev.wayside.itests.endtoend.StoreHistory.Told;
import dev.wayside.model.Json;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** One client that watches, and goes on where it was whenever the connection is lost. */
final class HistoryWatcher implements Runnable {
    /** How it comes by what there is at the beginning. */
    enum Beginning {
        /** It begins at a given revision, and resumes. */
        REVISION,
        /** By {@code sendInitialEvents}; then it resumes. */
        INITIAL_EVENTS,
        /** By a list, each time it is cut off: it never resumes. */
        LIST_EACH_TIME
    }

    private final String name;
    private final String path;
    private final String query;
    private final Predicate<State> selector;
    private final Beginning beginning;
    private final HistoryClient client;

    private final List<Stretch> stretches = new ArrayList<>();
    private boolean begun;
    private boolean complete;
    private long revision;
    private int resumed;
    private volatile long seen;
    private volatile boolean done;

    /**
     * @param query selectors as {@code &name=value}
     * @param from where {@link Beginning#REVISION} begins
     */
    HistoryWatcher(
            String name,
            HistoryClient client,
            String path,
            String query,
            Predicate<State> selector,
            Beginning beginning,
            long from) {
        this.name = name;
        this.client = client;
        this.path = path;
        this.query = query;
        this.selector = selector;
        this.beginning = beginning;
        if (beginning == Beginning.REVISION) {
            begin(from, false);
            begun = true;
            complete = true;
        }
    }

    String name() {
        return name;
    }

    Predicate<State> selector() {
        return selector;
    }

    List<Stretch> stretches() {
        return stretches;
    }

    int resumed() {
        return resumed;
    }

    /** The newest revision it was told. */
    long seen() {
        return seen;
    }

    void stop() {
        done = true;
    }

    private void begin(long from, boolean listed) {
        stretches.add(new Stretch(from, listed ? new ArrayList<>() : null, new ArrayList<>()));
        revision = from;
    }

    private Stretch current() {
        return stretches.get(stretches.size() - 1);
    }

    @Override
    public void run() {
        while (!done) {
            try {
                watch();
            } catch (IOException | UncheckedIOException e) {
                client.awaitAnother();
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void watch() throws IOException, InterruptedException {
        String target = path + "?watch=true&allowWatchBookmarks=true" + query;
        if (!begun || (beginning == Beginning.LIST_EACH_TIME && resumed >= 0)) {
            if (beginning == Beginning.INITIAL_EVENTS) {
                // Told again from the start if it was cut off before the end of them.
                stretches.clear();
                begin(0, true);
                complete = false;
                target += "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
            } else {
                list();
                target += "&resourceVersion=" + revision;
            }
        } else {
            target += "&resourceVersion=" + revision;
        }
        resumed++;
        try (Stream<String> lines = client.lines(target)) {
            for (String line : (Iterable<String>) lines::iterator) {
                take(line);
                if (done) {
                    return;
                }
            }
        }
    }

    private void list() throws IOException, InterruptedException {
        JsonObject list = client.get(path + "?" + query.replaceFirst("^&", ""));
        begin(Long.parseLong(list.text("metadata", "resourceVersion")), true);
        for (JsonObject item : list.array("items").objects()) {
            current().listed().add(Told.of("ADDED", State.of(new KubeObject(item))));
        }
        seen = revision;
        begun = true;
        complete = true;
    }

    private void take(String line) throws IOException {
        JsonObject event = parsed(line);
        KubeObject object = new KubeObject(event.object("object"));
        String type = event.text("type");
        if (type.equals("ERROR")) {
            if (object.json().number("code").orElse(0) == 410) {
                begun = false; // a new stretch, with a list
            }
            throw new IOException("the watch ended: " + object.json().text("message"));
        }
        if (type.equals("BOOKMARK")) {
            long at = Long.parseLong(object.resourceVersion());
            if (!complete) {
                List<Told> listed = current().listed();
                stretches.set(stretches.size() - 1, new Stretch(at, listed, new ArrayList<>()));
                begun = true;
                complete = true;
            }
            revision = Math.max(revision, at);
            seen = revision;
            return;
        }
        Told told = Told.of(type, State.of(object));
        if (complete) {
            current().events().add(told);
            revision = told.revision();
            seen = revision;
        } else {
            current().listed().add(told);
        }
    }

    private static JsonObject parsed(String line) throws IOException {
        try {
            return (JsonObject) Json.parse(line);
        } catch (JsonException e) {
            throw new IOException("the line was cut off", e);
        }
    }
}
