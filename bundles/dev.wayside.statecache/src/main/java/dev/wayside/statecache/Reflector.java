// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.model.JsonException;
import dev.wayside.model.JsonLimits;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonReader;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.wire.Backoff;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one scope as the connector has it. Lives on the loop.
 *
 * <ol>
 *   <li>With a revision from before it watches from there on; it lists only if there is none, or if
 *       the connector says that the revision is too old (410) or makes no sense to it.
 *   <li>Events are gathered per object, the newest wins, and are written with the revision of the
 *       last of them. While one write is under way the next gathers, so a slow disk means fewer
 *       writes, not more memory. What changes nothing but a status or the revision waits for the
 *       next real change, or for a while.
 *   <li>A list takes the place of what is there only if it is whole, from the store that we know,
 *       not older than what we have seen, and our Node is in that store. Otherwise what is there
 *       stays, the doubt is told, and the question is asked again later.
 *   <li>Whatever else the connector answers changes nothing.
 * </ol>
 *
 * <p>Revisions are opaque in Kubernetes, and are compared for equality only, but for one guard: if
 * both the list's and ours are decimal numbers, a smaller one is older. That holds for the
 * connector and for every known Kubernetes; where they are no numbers the guard is silent.
 */
final class Reflector {
    /** What a reflector asks of its surroundings. */
    interface Surroundings {
        /** What the connection's first check found. */
        Provenance.Verdict verdict();

        /** Checks anew. */
        java.util.concurrent.CompletableFuture<Provenance.Verdict> check(Upstream upstream);

        /** Takes note of a whole list that is stored. */
        void listed(Scope scope, List<KubeObject> objects);

        /** Takes note of an object that a watch brought, before it is written; false to ignore. */
        boolean accepts(Scope scope, KubeObject object);
    }

    static final Duration ECHO_DELAY = Duration.ofSeconds(60);
    static final Duration BOOKMARK_DELAY = Duration.ofMinutes(15);

    private static final Logger LOG = LoggerFactory.getLogger(Reflector.class);
    private static final int MAX_GATHERED = 2_000;
    private static final long MAX_QUEUED_BYTES = 4L << 20;

    private final Scope scope;
    private final Mirror mirror;
    private final Loop loop;
    private final Doubts doubts;
    private final Surroundings surroundings;
    private final Backoff backoff;

    private @Nullable Upstream upstream;
    private Upstream.@Nullable LineStream stream;
    // Counts what makes answers under way stale.
    private int round;
    private boolean listNeeded;
    // Nothing came since the last list.
    private boolean listFresh;
    private boolean beginAfterWrite;
    private boolean failing;
    // The revision up to which the connector has told us; and up to which it is on disk.
    private @Nullable String seen;
    private @Nullable String stored;
    private Map<ObjectKey, Mirror.Change> gathered = new LinkedHashMap<>();
    private boolean urgent;
    private boolean writing;
    private @Nullable Duration flushAt;

    Reflector(
            Scope scope,
            StateStore store,
            Loop loop,
            Doubts doubts,
            Surroundings surroundings,
            RandomGenerator random) {
        this.scope = scope;
        this.mirror = new Mirror(store, scope);
        this.loop = loop;
        this.doubts = doubts;
        this.surroundings = surroundings;
        this.backoff = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(30), random);
    }

    Scope scope() {
        return scope;
    }

    void connected(Upstream connection) {
        upstream = connection;
        backoff.reset();
        begin();
    }

    void disconnected() {
        // What is gathered stays, and is written in its time.
        round++;
        cancelStream();
        upstream = null;
    }

    /** Ends for good, and writes what is gathered. */
    void stop() {
        disconnected();
        doubts.settle(scope.id());
        flushNow();
    }

    private void begin() {
        Upstream connection = upstream;
        if (connection == null) {
            return;
        }
        beginAfterWrite = writing;
        if (writing) {
            return;
        }
        round++;
        stored = mirror.revision().orElse(null);
        if (seen == null) {
            seen = stored;
        }
        if (seen == null || listNeeded || !surroundings.verdict().store().good()) {
            list(connection);
        } else {
            watch(connection, seen);
        }
    }

    private void again(String why) {
        round++;
        cancelStream();
        if (!failing) {
            failing = true;
            LOG.warn("{} can't be followed: {}; what is here stays", scope, why);
        }
        int now = round;
        loop.after(
                backoff.next(),
                () -> {
                    if (round == now) {
                        begin();
                    }
                });
    }

    private void fine() {
        if (failing) {
            failing = false;
            LOG.info("{} is followed again", scope);
        }
    }

    // ---- list

    private void list(Upstream connection) {
        int now = round;
        // First the list, then the check: a store that is swapped in between shows.
        var unused =
                Listing.read(connection, scope)
                        .thenCombine(surroundings.check(connection), Listed::new)
                        .whenComplete(
                                (listed, failure) ->
                                        loop.execute(() -> listed(now, listed, failure)));
    }

    private record Listed(Listing.Result list, Provenance.Verdict verdict) {}

    private void listed(int of, @Nullable Listed listed, @Nullable Throwable failure) {
        if (of != round) {
            return;
        }
        if (listed == null) {
            again("no list: " + failure);
            return;
        }
        Listing.Result list = listed.list();
        if (list.status() != 200) {
            again("the list is answered with " + list.status());
            return;
        }
        Provenance.Finding node = listed.verdict().node();
        Provenance.Finding store = listed.verdict().store();
        if (!node.good()) {
            doubt(node);
            again(node.reason());
        } else if (!store.good()) {
            doubt(store);
            add(list);
        } else if (older(list.revision())) {
            doubt(
                    new Provenance.Finding(
                            "StoreOlder",
                            "the connector's list has revision "
                                    + list.revision()
                                    + ", seen before was "
                                    + seen
                                    + "; was its store restored from a backup?"));
            add(list);
        } else {
            replace(list, listed.verdict());
        }
    }

    private void doubt(Provenance.Finding finding) {
        doubts.raise(scope.id(), finding.reason(), finding.message());
    }

    private boolean older(String revision) {
        String ours = seen;
        if (ours == null) {
            return false;
        }
        try {
            return Long.parseUnsignedLong(revision) < Long.parseUnsignedLong(ours);
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private void add(Listing.Result list) {
        var unused =
                mirror.add(list.items())
                        .whenComplete(
                                (done, failure) ->
                                        loop.execute(() -> again("in doubt of the connector")));
    }

    private void replace(Listing.Result list, Provenance.Verdict verdict) {
        writing = true;
        gathered = new LinkedHashMap<>();
        var unused =
                mirror.replace(list.items(), list.revision(), verdict)
                        .whenComplete(
                                (done, failure) -> loop.execute(() -> replaced(list, failure)));
    }

    private void replaced(Listing.Result list, @Nullable Throwable failure) {
        writing = false;
        if (failure != null) {
            again("the list can't be stored: " + failure.getMessage());
            return;
        }
        doubts.settle(scope.id());
        LOG.info(
                "{} was listed whole: {} objects at revision {}",
                scope,
                list.items().size(),
                list.revision());
        listNeeded = false;
        listFresh = true;
        seen = list.revision();
        stored = list.revision();
        surroundings.listed(scope, list.items());
        fine();
        begin();
    }

    // ---- watch

    private void watch(Upstream connection, String revision) {
        int now = round;
        AtomicLong queued = new AtomicLong();
        stream =
                connection.lines(
                        scope.target()
                                + "&watch=true&allowWatchBookmarks=true&resourceVersion="
                                + revision,
                        new Upstream.LineListener() {
                            @Override
                            public void onLine(byte[] line) {
                                boolean tooMuch = queued.addAndGet(line.length) > MAX_QUEUED_BYTES;
                                loop.execute(
                                        () -> {
                                            queued.addAndGet(-line.length);
                                            if (now == round) {
                                                line(line);
                                                if (tooMuch) {
                                                    overflow("events come too fast");
                                                }
                                            }
                                        });
                            }

                            @Override
                            public void onEnd(int status) {
                                loop.execute(
                                        () -> {
                                            if (now == round) {
                                                ended(status);
                                            }
                                        });
                            }
                        });
    }

    private void line(byte[] line) {
        JsonObject event;
        try {
            event =
                    JsonReader.readObject(
                            line, JsonLimits.DEFAULT, JsonReader.DuplicateNames.LAST_WINS);
        } catch (JsonException e) {
            again("the watch sends what is no JSON");
            return;
        }
        String type = event.text("type");
        if (type.equals("ERROR")) {
            int code = (int) event.object("object").number("code").orElse(0);
            ended(code);
            return;
        }
        KubeObject object = Slim.of(event.object("object"), scope.type());
        String revision = object.resourceVersion();
        if (revision.isEmpty()) {
            again("the watch sends an object without a revision");
            return;
        }
        backoff.reset();
        fine();
        listFresh = false;
        seen = revision;
        switch (type) {
            case "BOOKMARK" -> flushWithin(BOOKMARK_DELAY);
            case "ADDED", "MODIFIED" -> put(object);
            case "DELETED" -> gather(object, new Mirror.Change(null, object.uid()), true);
            default -> again("the watch sends an event of unknown type");
        }
    }

    private void put(KubeObject object) {
        if (!scope.holds(object)) {
            again("the watch sends what was not asked for");
        } else if (surroundings.accepts(scope, object)) {
            ObjectKey key = object.key(scope.type());
            Mirror.Change before = gathered.get(key);
            KubeObject known = before != null ? before.object() : mirror.get(key).orElse(null);
            boolean echo = known != null && Slim.sameButStatus(known, object);
            gather(object, new Mirror.Change(object, object.uid()), !echo);
        }
    }

    private void gather(KubeObject object, Mirror.Change change, boolean now) {
        ObjectKey key = object.key(scope.type());
        gathered.remove(key); // so that it is the last in order
        gathered.put(key, change);
        if (now) {
            urgent = true;
            flushNow();
        } else {
            flushWithin(ECHO_DELAY);
        }
        if (gathered.size() > MAX_GATHERED) {
            overflow("the disk does not keep up");
        }
    }

    /** Forgets what is not written, and watches again from what is. */
    private void overflow(String why) {
        gathered = new LinkedHashMap<>();
        urgent = false;
        flushAt = null;
        // After a write under way, this is looked up again.
        seen = null;
        again(why);
    }

    private void ended(int status) {
        if (status == 410 || status == 504 || status == 400) {
            // Too old; or, to a store that never had it, too new or no revision at all.
            listNeeded = true;
        }
        if (status == 410 && !listFresh) {
            // Expected after a long absence; nothing is wrong.
            round++;
            cancelStream();
            begin();
        } else if (status == 200) {
            // The server ends watches now and then. A short wait, so that one that ends each at
            // once is not asked without pause.
            round++;
            cancelStream();
            int now = round;
            loop.after(
                    backoff.next(),
                    () -> {
                        if (round == now) {
                            begin();
                        }
                    });
        } else {
            again(status == 0 ? "no answer" : "the watch is answered with " + status);
        }
    }

    private void cancelStream() {
        Upstream.LineStream open = stream;
        stream = null;
        if (open != null) {
            open.cancel();
        }
    }

    // ---- write

    private void flushWithin(Duration delay) {
        Duration at = loop.now().plus(delay);
        if (flushAt == null || at.compareTo(flushAt) < 0) {
            flushAt = at;
            loop.after(
                    delay,
                    () -> {
                        if (at.equals(flushAt)) {
                            flushNow();
                        }
                    });
        }
    }

    private void flushNow() {
        String revision = seen;
        String from = stored;
        if (writing || revision == null || from == null) {
            return; // the first word on a scope is a whole list
        }
        flushAt = null;
        urgent = false;
        if (gathered.isEmpty() && revision.equals(from)) {
            return;
        }
        writing = true;
        Map<ObjectKey, Mirror.Change> batch = gathered;
        gathered = new LinkedHashMap<>();
        var unused =
                mirror.apply(batch, from, revision)
                        .whenComplete(
                                (done, failure) -> loop.execute(() -> written(revision, failure)));
    }

    private void written(String revision, @Nullable Throwable failure) {
        writing = false;
        if (failure != null) {
            // What the disk has is told by the disk: the watch begins again from there.
            overflow("what came can't be stored: " + failure.getMessage());
            return;
        }
        stored = revision;
        if (urgent || (flushAt != null && flushAt.compareTo(loop.now()) <= 0)) {
            flushNow();
        }
        if (beginAfterWrite) {
            begin();
        }
    }
}
