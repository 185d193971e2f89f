// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.store.ObjectStore.Event;
import dev.wayside.connector.store.ObjectStore.EventType;
import dev.wayside.connector.store.ObjectStore.WatchListener;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Keeps what a watch tells. */
final class Recorder implements WatchListener {
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final CompletableFuture<ApiException> end = new CompletableFuture<>();

    @Override
    public void onEvent(Event event) {
        events.add(event);
    }

    @Override
    public void onEnd(ApiException reason) {
        end.complete(reason);
    }

    Event next() throws InterruptedException {
        Event event = events.poll(10, TimeUnit.SECONDS);
        assertThat(event).as("an event within 10 s").isNotNull();
        return event;
    }

    /** The next events as {@code TYPE name}. */
    List<String> next(int count) throws InterruptedException {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            texts.add(text(next()));
        }
        return texts;
    }

    /** What comes up to a bookmark, which the caller has asked for. */
    List<String> untilBookmark() throws InterruptedException {
        List<String> texts = new ArrayList<>();
        for (Event event = next(); event.type() != EventType.BOOKMARK; event = next()) {
            texts.add(text(event));
        }
        return texts;
    }

    ApiException end() throws Exception {
        return end.get(10, TimeUnit.SECONDS);
    }

    static String text(Event event) {
        return event.type() + " " + event.object().name();
    }
}
