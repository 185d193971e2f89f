// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.WatchQuery;
import dev.wayside.wire.HttpExchange.ResponseStream;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All open watches: how many there may be, how long they last, who drains them. */
final class Watches implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Watches.class);
    private static final long RECHECK_EVERY_SECONDS = 5;
    private static final long LAST_BOOKMARK_NANOS = TimeUnit.SECONDS.toNanos(3);

    private final ObjectStore store;
    private final int maxQueued;
    private final int maxOpen;
    private final int maxOpenPerUser;
    private final ExecutorService drainers;
    private final ScheduledExecutorService timer;
    private final Map<WatchSession, Entry> open = new ConcurrentHashMap<>();
    private final Map<String, Integer> perUser = new ConcurrentHashMap<>();
    private final AtomicLong ticks = new AtomicLong();
    private volatile boolean stopped;
    private volatile @Nullable ScheduledFuture<?> ticker;

    private static final class Entry {
        final long deadlineNanos;
        volatile boolean lastBookmark;

        Entry(long deadlineNanos) {
            this.deadlineNanos = deadlineNanos;
        }
    }

    Watches(ObjectStore store, int maxQueued, int maxOpen, int maxOpenPerUser) {
        this.store = store;
        this.maxQueued = maxQueued;
        this.maxOpen = maxOpen;
        this.maxOpenPerUser = maxOpenPerUser;
        // Its queue is bounded by the number of watches: each has at most one drain in it, and one
        // cut-off.
        this.drainers = Executors.newFixedThreadPool(2, Threads.named("apiserver-watch"));
        this.timer = Executors.newSingleThreadScheduledExecutor(Threads.named("apiserver-timer"));
    }

    /** Begins to end watches whose time is up or which are no longer permitted. */
    void start() {
        ticker = timer.scheduleWithFixedDelay(this::tick, 1, 1, TimeUnit.SECONDS);
    }

    /**
     * Answers with a watch.
     *
     * @throws ApiException TooManyRequests, or BadRequest for parameters that do not go together
     */
    void open(
            Call call,
            Presentation presentation,
            Authenticator authenticator,
            Authorizer authorizer) {
        WatchQuery query = query(call);
        Duration timeout = timeout(call);
        String user = call.user().name();
        reserve(user);
        WatchSession session;
        try {
            ResponseStream out = WebSockets.stream(call);
            WatchSession[] self = new WatchSession[1];
            session =
                    new WatchSession(
                            store,
                            query,
                            presentation,
                            out,
                            drainers,
                            () -> refusal(call, authenticator, authorizer),
                            maxQueued,
                            () -> {
                                open.remove(self[0]);
                                release(user);
                            });
            self[0] = session;
        } catch (RuntimeException e) {
            release(user);
            throw e;
        }
        open.put(session, new Entry(System.nanoTime() + timeout.toNanos()));
        call.exchange().onClose(session::close);
        session.start();
        if (stopped) {
            session.finish();
        }
    }

    int size() {
        return open.size();
    }

    @Override
    public void close() {
        stopped = true;
        ScheduledFuture<?> ticking = ticker;
        if (ticking != null) {
            ticking.cancel(false);
        }
        timer.shutdown();
        open.keySet().forEach(WatchSession::finish);
        drainers.shutdown();
        try {
            if (!drainers.awaitTermination(2, TimeUnit.SECONDS)) {
                drainers.shutdownNow();
            }
        } catch (InterruptedException e) {
            drainers.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    private static WatchQuery query(Call call) {
        QueryParameters query = call.query();
        boolean initial = query.flag("sendInitialEvents");
        String match = query.text("resourceVersionMatch");
        if (initial && !match.equals("NotOlderThan")) {
            throw ApiStatus.badRequest(
                    "resourceVersionMatch: Forbidden: sendInitialEvents requires setting"
                            + " resourceVersionMatch to NotOlderThan");
        }
        if (!match.isEmpty() && !query.values().containsKey("sendInitialEvents")) {
            throw ApiStatus.badRequest(
                    "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch"
                            + " unless sendInitialEvents is provided");
        }
        return new WatchQuery(
                call.type(),
                call.info().namespace(),
                call.info().labels(),
                ReadRequests.fields(call),
                query.text("resourceVersion"),
                initial,
                query.flag("allowWatchBookmarks"));
    }

    private static Duration timeout(Call call) {
        long asked = call.query().number("timeoutSeconds").orElse(0);
        // As Kubernetes: unasked half an hour to an hour, at random, so that not all end at once.
        return Duration.ofSeconds(
                asked > 0
                        ? Math.min(asked, 24 * 3600)
                        : 1800 + ThreadLocalRandom.current().nextInt(1800));
    }

    private static Optional<ApiException> refusal(
            Call call, Authenticator authenticator, Authorizer authorizer) {
        if (!authenticator.stillGood(call.user())) {
            return Optional.of(
                    new ApiException(Reason.UNAUTHORIZED, "the credential is no longer good"));
        }
        Authorizer.Decision decision = authorizer.authorize(call.user(), call.info());
        return decision.allowed()
                ? Optional.empty()
                : Optional.of(ApiStatus.forbidden(call.user(), call.info(), decision.why()));
    }

    private void reserve(String user) {
        if (open.size() >= maxOpen) {
            throw new ApiException(
                    Reason.TOO_MANY_REQUESTS, "too many watches are open, please try again later");
        }
        int mine = perUser.merge(user, 1, Integer::sum);
        if (mine > maxOpenPerUser) {
            release(user);
            throw new ApiException(
                    Reason.TOO_MANY_REQUESTS,
                    "user \"" + user + "\" has " + maxOpenPerUser + " watches open already");
        }
    }

    private void release(String user) {
        perUser.computeIfPresent(user, (name, count) -> count == 1 ? null : count - 1);
    }

    private void tick() {
        try {
            boolean recheck = ticks.incrementAndGet() % RECHECK_EVERY_SECONDS == 0;
            long now = System.nanoTime();
            open.forEach(
                    (session, entry) -> {
                        long left = entry.deadlineNanos - now;
                        if (left <= 0) {
                            session.finish();
                        } else if (left < LAST_BOOKMARK_NANOS && !entry.lastBookmark) {
                            entry.lastBookmark = true;
                            session.bookmark();
                        } else if (recheck) {
                            session.recheck();
                        }
                    });
        } catch (RuntimeException e) {
            LOG.error("Watches could not be checked; trying again in a second", e);
        }
    }
}
