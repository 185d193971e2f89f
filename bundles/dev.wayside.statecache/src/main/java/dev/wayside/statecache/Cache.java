// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.api.link.CloudLink;
import dev.wayside.api.node.CertificateTime;
import dev.wayside.api.node.GatewayIdentity;
import dev.wayside.api.state.CacheHealth;
import dev.wayside.api.state.DesiredState;
import dev.wayside.api.state.LocalRecords;
import dev.wayside.api.state.Outbox;
import dev.wayside.api.state.StateException;
import dev.wayside.model.JsonObject;
import dev.wayside.model.ResourceType;
import dev.wayside.wire.EventLoops;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.h2.mvstore.MVStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running state cache: its store, its loop and its uplink, begun and ended in order. */
final class Cache {
    private static final Logger LOG = LoggerFactory.getLogger(Cache.class);
    private static final String FILE = "file";
    private static final long SMALLEST_FILE = 4L << 20;
    private static final Duration LINGER = Duration.ofMillis(2);
    private static final Duration RETRY = Duration.ofSeconds(5);

    private final StateStore store;
    private final LoopThread loop;
    private final Doubts doubts;
    private final StoredState desired;
    private final DurableOutbox outbox;
    private final StoredRecords records;
    private final OutboxSender sender;
    private final Uplink uplink;
    private final UplinkLink link;
    private final Runnable closeNetwork;
    private final GatewayIdentity identity;

    private Cache(
            StateFile file,
            GatewayIdentity identity,
            Uplink.Dialer dialer,
            Runnable closeNetwork,
            RandomGenerator random,
            Clock clock) {
        this.identity = identity;
        this.closeNetwork = closeNetwork;
        store = new StateStore(file, LINGER);
        loop = new LoopThread("wayside-statecache-loop");
        doubts = new Doubts(store::trouble);
        desired = new StoredState(store, loop);
        outbox = new DurableOutbox(store, clock);
        records = new StoredRecords(store);
        sender = new OutboxSender(store, loop, new Couriers(store, identity.nodeName()), random);
        uplink = new Uplink(store, loop, doubts, sender, dialer, random, identity);
        link = new UplinkLink(uplink::current);
    }

    /** Opens the store, which is quick, and begins to dial, which is not waited for. */
    static Cache start(Path file, GatewayIdentity identity, CertificateTime time) {
        EventLoops loops = new EventLoops("wayside-statecache-net", 1);
        return start(
                new StateFile(file.toString(), SMALLEST_FILE, Clock.systemUTC(), MVStore::sync),
                identity,
                new WireDialer(loops, time),
                loops::close);
    }

    static Cache start(
            StateFile file, GatewayIdentity identity, Uplink.Dialer dialer, Runnable closeNetwork) {
        Cache cache =
                new Cache(
                        file,
                        identity,
                        dialer,
                        closeNetwork,
                        new SecureRandom(),
                        Clock.systemUTC());
        cache.open();
        return cache;
    }

    private void open() {
        store.onDamage(reason -> loop.execute(() -> report(reason)));
        store.onSynced(this::synced);
        store.open();
        claim();
        loop.execute(
                () -> {
                    sender.start();
                    uplink.start();
                });
        retryWhileInTrouble();
    }

    /** A store that another gateway left behind in this folder is not ours to act upon. */
    private void claim() {
        JsonObject owner = JsonObject.of("gatewayUid", identity.gatewayUid());
        boolean foreign = store.get(Keys.OWNER).filter(known -> !known.equals(owner)).isPresent();
        if (foreign) {
            LOG.warn("The state file is another gateway's; it is emptied");
        }
        var unused =
                store.submit(
                        edit -> {
                            boolean other =
                                    edit.get(Keys.OWNER)
                                            .filter(known -> !known.equals(owner))
                                            .isPresent();
                            if (other) {
                                edit.keys("").stream()
                                        .filter(key -> !key.equals(Keys.ABOUT))
                                        .forEach(edit::remove);
                            }
                            edit.put(Keys.OWNER, owner);
                        });
        if (foreign) {
            unused.join(); // before anybody reads
        }
    }

    private void synced(Set<String> keys) {
        desired.synced(keys);
        loop.execute(
                () -> {
                    uplink.synced(keys);
                    if (desired.complete(ResourceType.PODS)) {
                        doubts.settle(FILE);
                    }
                });
    }

    /** A file that was set aside is told about: here, at the connector, and as a condition. */
    private void report(String reason) {
        LOG.error("The state file was broken and is begun anew: {}", reason);
        doubts.raise(FILE, "StateFileBroken", reason);
        try {
            outbox.event(
                    new Outbox.EventRecord(
                            ResourceType.NODES.key("", identity.nodeName()),
                            "Node",
                            identity.gatewayUid(),
                            "Warning",
                            "StateFileBroken",
                            reason));
        } catch (StateException e) {
            LOG.warn("The event about the broken state file can't be stored", e);
        }
    }

    /** Nobody may write for long, so that a disk that works again would not be noticed. */
    private void retryWhileInTrouble() {
        loop.after(
                RETRY,
                () -> {
                    if (!store.trouble().isEmpty()) {
                        var unused = store.submit(edit -> {});
                    }
                    retryWhileInTrouble();
                });
    }

    void renew(GatewayIdentity renewed) {
        if (!renewed.gatewayUid().equals(identity.gatewayUid())) {
            LOG.error("The gateway has another UID; it must be started anew");
            return;
        }
        loop.execute(() -> uplink.renew(renewed));
    }

    /** Ends in reverse; takes at most about 25 s, if the disk hangs. */
    void stop() {
        CompletableFuture<Void> stopped = new CompletableFuture<>();
        loop.execute(
                () -> {
                    uplink.stop();
                    stopped.complete(null);
                });
        try {
            stopped.get(5, TimeUnit.SECONDS);
        } catch (java.util.concurrent.ExecutionException
                | java.util.concurrent.TimeoutException e) {
            LOG.warn("The uplink did not stop in time", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        store.close();
        loop.close();
        closeNetwork.run();
    }

    DesiredState desired() {
        return desired;
    }

    Outbox outbox() {
        return outbox;
    }

    LocalRecords records() {
        return records;
    }

    CloudLink link() {
        return link;
    }

    CacheHealth health() {
        return doubts;
    }
}
