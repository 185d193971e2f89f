// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The threads that answer requests. Bounded twice: by the queue, and by how much of it one client
 * may fill, so that a busy one does not keep out the others.
 */
final class WorkerPool implements AutoCloseable {
    private final ThreadPoolExecutor executor;
    private final int maxPerClient;
    private final Map<String, Integer> perClient = new ConcurrentHashMap<>();

    WorkerPool(int threads, int maxQueued, int maxPerClient) {
        this.maxPerClient = maxPerClient;
        this.executor =
                new ThreadPoolExecutor(
                        threads,
                        threads,
                        30,
                        TimeUnit.SECONDS,
                        new ArrayBlockingQueue<>(maxQueued),
                        Threads.named("apiserver-worker"));
        executor.allowCoreThreadTimeOut(true);
    }

    /**
     * Never blocks.
     *
     * @return false if there is no room
     */
    boolean submit(String client, Runnable work) {
        if (perClient.merge(client, 1, Integer::sum) > maxPerClient) {
            done(client);
            return false;
        }
        try {
            executor.execute(
                    () -> {
                        try {
                            work.run();
                        } finally {
                            done(client);
                        }
                    });
            return true;
        } catch (RejectedExecutionException e) {
            done(client);
            return false;
        }
    }

    private void done(String client) {
        perClient.computeIfPresent(client, (name, count) -> count == 1 ? null : count - 1);
    }

    /** Lets what runs come to its end, for up to 5 s. */
    @Override
    public void close() {
        executor.shutdown();
        try {
            if (!executor.awaitTermination(5, TimeUnit.SECONDS)) {
                executor.shutdownNow();
            }
        } catch (InterruptedException e) {
            executor.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
