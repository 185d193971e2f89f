// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import java.time.Duration;

/**
 * The bounds of an embedded store.
 *
 * @param historyEvents of each kind that a watch may resume over
 * @param historyBytes of each kind's history
 * @param trimMarks of all kinds together; see {@link KindShelf}
 * @param watchQueue events that wait for one listener before its watch ends with 410
 * @param queuedWrites writes that wait for the writer before callers wait
 * @param groupWrites writes that share one sync at most
 * @param maxObjectBytes of one object
 * @param revisionBlock revisions that are reserved on disk at a time
 * @param revisionWait how long a read waits for a revision that is not there yet
 * @param writeWait how long a write waits for a place in the queue
 * @param lazySave how often lazy kinds are saved
 * @param bookmarks how often watches that want them get bookmarks
 * @param deliveryThreads that call listeners
 */
public record StoreSettings(
        int historyEvents,
        long historyBytes,
        int trimMarks,
        int watchQueue,
        int queuedWrites,
        int groupWrites,
        int maxObjectBytes,
        int revisionBlock,
        Duration revisionWait,
        Duration writeWait,
        Duration lazySave,
        Duration bookmarks,
        int deliveryThreads) {
    public static final StoreSettings DEFAULT =
            new StoreSettings(
                    10_000,
                    64L << 20,
                    200_000,
                    10_000,
                    4_096,
                    512,
                    2 << 20,
                    10_000,
                    Duration.ofSeconds(3),
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(60),
                    4);

    public StoreSettings {
        if (historyEvents < 1
                || historyBytes < 1
                || trimMarks < 1
                || watchQueue < 1
                || queuedWrites < 1
                || groupWrites < 1
                || maxObjectBytes < 1
                || revisionBlock < 1
                || deliveryThreads < 1) {
            throw new IllegalArgumentException("store settings must be positive: " + this);
        }
    }

    public StoreSettings withHistory(int events, long bytes, int marks) {
        return new StoreSettings(
                events,
                bytes,
                marks,
                watchQueue,
                queuedWrites,
                groupWrites,
                maxObjectBytes,
                revisionBlock,
                revisionWait,
                writeWait,
                lazySave,
                bookmarks,
                deliveryThreads);
    }

    public StoreSettings withWatchQueue(int events) {
        return new StoreSettings(
                historyEvents,
                historyBytes,
                trimMarks,
                events,
                queuedWrites,
                groupWrites,
                maxObjectBytes,
                revisionBlock,
                revisionWait,
                writeWait,
                lazySave,
                bookmarks,
                deliveryThreads);
    }

    public StoreSettings withRevisionBlock(int revisions) {
        return new StoreSettings(
                historyEvents,
                historyBytes,
                trimMarks,
                watchQueue,
                queuedWrites,
                groupWrites,
                maxObjectBytes,
                revisions,
                revisionWait,
                writeWait,
                lazySave,
                bookmarks,
                deliveryThreads);
    }

    public StoreSettings withTimes(Duration revisionWait, Duration lazySave, Duration bookmarks) {
        return new StoreSettings(
                historyEvents,
                historyBytes,
                trimMarks,
                watchQueue,
                queuedWrites,
                groupWrites,
                maxObjectBytes,
                revisionBlock,
                revisionWait,
                writeWait,
                lazySave,
                bookmarks,
                deliveryThreads);
    }
}
