// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.api.node.GatewayIdentity;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import dev.wayside.wire.Backoff;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The side that knows whether the cloud is there: holds the one connection, dials again when it is
 * lost, and says to the reflectors and to the outbox when they may use it. Lives on the loop, but
 * for {@link #current}.
 */
final class Uplink implements Reflector.Surroundings {
    /** Makes connections. */
    interface Dialer {
        /** Completes exceptionally, with a reason for people, if there is none to be had now. */
        CompletableFuture<Upstream> dial(GatewayIdentity identity);
    }

    private static final Logger LOG = LoggerFactory.getLogger(Uplink.class);
    private static final String CONNECTOR = "connector";
    private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
    // Two thirds of the 40 s that a Lease lasts.
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(27);

    private final StateStore store;
    private final Loop loop;
    private final Doubts doubts;
    private final OutboxSender sender;
    private final Dialer dialer;
    private final RandomGenerator random;
    private final Provenance provenance;
    private final Backoff backoff;
    private final Map<String, Reflector> reflectors = new LinkedHashMap<>();

    private GatewayIdentity identity;
    private volatile @Nullable Upstream current;
    private Provenance.@Nullable Verdict verdict;
    private boolean dialing;
    private boolean stopped;
    private boolean failing;

    Uplink(
            StateStore store,
            Loop loop,
            Doubts doubts,
            OutboxSender sender,
            Dialer dialer,
            RandomGenerator random,
            GatewayIdentity identity) {
        this.store = store;
        this.loop = loop;
        this.doubts = doubts;
        this.sender = sender;
        this.dialer = dialer;
        this.random = random;
        this.identity = identity;
        this.provenance = new Provenance(store, identity.nodeName(), identity.gatewayUid());
        this.backoff = new Backoff(FIRST_WAIT, LONGEST_WAIT, random);
    }

    /** The connection, if there is one; any thread may ask. */
    @Nullable Upstream current() {
        return current;
    }

    void start() {
        fit();
        dial();
    }

    /** Goes on with a renewed certificate: what is open was made with the old one. */
    void renew(GatewayIdentity renewed) {
        identity = renewed;
        Upstream open = current;
        if (open != null) {
            lost(open, "the certificate was renewed");
        }
    }

    /** Says what was written. */
    void synced(Set<String> keys) {
        if (keys.stream().anyMatch(key -> key.startsWith(Keys.objects(ResourceType.PODS)))) {
            fit();
        }
        sender.changed(keys);
    }

    void stop() {
        stopped = true;
        reflectors.values().forEach(Reflector::stop);
        sender.disconnected();
        sender.note();
        Upstream open = current;
        current = null;
        if (open != null) {
            open.close();
        }
    }

    // ---- what is followed

    /** Follows what the pods name, and nothing else. */
    private void fit() {
        Map<String, Scope> wanted = new LinkedHashMap<>();
        for (Scope scope :
                List.of(
                        Scope.node(identity.nodeName()),
                        Scope.pods(identity.nodeName()),
                        Scope.volumes(identity.nodeName()))) {
            wanted.put(scope.id(), scope);
        }
        References.of(pods()).forEach(scope -> wanted.put(scope.id(), scope));
        Map<String, Reflector> unwanted = new HashMap<>(reflectors);
        unwanted.keySet().removeAll(wanted.keySet());
        unwanted.forEach(
                (id, reflector) -> {
                    reflectors.remove(id);
                    reflector.stop();
                });
        forgetAllBut(wanted.keySet());
        for (Scope scope : wanted.values()) {
            if (!reflectors.containsKey(scope.id())) {
                Reflector reflector = new Reflector(scope, store, loop, doubts, this, random);
                reflectors.put(scope.id(), reflector);
                Upstream open = current;
                if (open != null && verdict != null) {
                    reflector.connected(open);
                }
            }
        }
    }

    private List<KubeObject> pods() {
        return store.all(Keys.objects(ResourceType.PODS)).values().stream()
                .map(KubeObject::new)
                .toList();
    }

    private void forgetAllBut(Set<String> scopes) {
        Set<String> idle = store.keys(Keys.CURSORS);
        idle.removeIf(key -> scopes.contains(key.substring(Keys.CURSORS.length())));
        for (ResourceType type : References.TYPES) {
            for (String key : store.keys(Keys.objects(type))) {
                if (!scopes.contains(key.substring(Keys.OBJECTS.length()))) {
                    idle.add(key);
                }
            }
        }
        if (!idle.isEmpty()) {
            // If it can't be written now, the next change of a pod brings it here again.
            var unused = store.submit(edit -> idle.forEach(edit::remove));
        }
    }

    // ---- the connection

    private void dial() {
        if (stopped || dialing || current != null) {
            return;
        }
        dialing = true;
        GatewayIdentity with = identity;
        var unused =
                dialer.dial(with)
                        .whenComplete(
                                (made, failure) -> loop.execute(() -> dialed(with, made, failure)));
    }

    private void dialed(
            GatewayIdentity with, @Nullable Upstream made, @Nullable Throwable failure) {
        dialing = false;
        if (made == null) {
            if (!failing) {
                failing = true;
                LOG.warn(
                        "No connection to {}: {}; tries go on",
                        with.connector(),
                        String.valueOf(failure));
            }
            loop.after(backoff.next(), this::dial);
        } else if (stopped) {
            made.close();
        } else if (!with.equals(identity)) {
            made.close();
            dial();
        } else {
            current = made;
            made.onClosed(() -> loop.execute(() -> lost(made, "closed")));
            verify(made);
        }
    }

    private void lost(Upstream which, String why) {
        if (which != current) {
            return;
        }
        current = null;
        verdict = null;
        which.close();
        reflectors.values().forEach(Reflector::disconnected);
        sender.disconnected();
        if (!failing) {
            failing = true;
            LOG.info("The connection to {} is gone: {}", identity.connector(), why);
        }
        loop.after(backoff.next(), this::dial);
    }

    /** Asks who is there, until there is an answer; only then is anything taken from it. */
    private void verify(Upstream with) {
        var unused =
                provenance
                        .check(with)
                        .whenComplete(
                                (found, failure) ->
                                        loop.execute(() -> verified(with, found, failure)));
    }

    private void verified(
            Upstream with, Provenance.@Nullable Verdict found, @Nullable Throwable failure) {
        if (with != current) {
            return;
        }
        if (found == null) {
            // The connection is up but does not answer; another one may.
            lost(with, String.valueOf(failure));
            return;
        }
        Provenance.Finding doubt = found.node().good() ? found.store() : found.node();
        if (doubt.good()) {
            doubts.settle(CONNECTOR);
        } else {
            doubts.raise(CONNECTOR, doubt.reason(), doubt.message());
        }
        if (!found.node().good() || found.origin().isEmpty()) {
            loop.after(
                    backoff.next(),
                    () -> {
                        if (with == current) {
                            verify(with);
                        }
                    });
            return;
        }
        failing = false;
        backoff.reset();
        LOG.info("Connected to {}", identity.connector());
        verdict = found;
        List.copyOf(reflectors.values()).forEach(reflector -> reflector.connected(with));
        if (found.good()) {
            // To another store nothing is reported: it would say that it knows nothing of it.
            sender.connected(with);
        }
    }

    // ---- what the reflectors ask

    @Override
    public Provenance.Verdict verdict() {
        Provenance.Verdict found = verdict;
        if (found == null) {
            throw new IllegalStateException("reflectors begin only after the check");
        }
        return found;
    }

    @Override
    public CompletableFuture<Provenance.Verdict> check(Upstream upstream) {
        return provenance.check(upstream);
    }

    @Override
    public void listed(Scope scope, List<KubeObject> objects) {
        objects.forEach(object -> sender.compare(object.key(scope.type()), object));
    }

    @Override
    public boolean accepts(Scope scope, KubeObject object) {
        if (!scope.type().equals(ResourceType.NODES)
                || object.uid().equals(identity.gatewayUid())) {
            return true;
        }
        doubts.raise(
                CONNECTOR,
                "NodeReplaced",
                "the Node "
                        + object.name()
                        + " was deleted and made anew; let the gateway leave and join again");
        return false;
    }
}
