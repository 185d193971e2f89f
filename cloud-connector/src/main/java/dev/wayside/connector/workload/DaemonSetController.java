// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a pod of each DaemonSet on every node that fits. A change of a node comes only to the sets
 * for which it makes a difference; changes of a set's pods are gathered for the longer the more
 * pods it has, since each look goes over all of them.
 *
 * <p>A node that is silent keeps its pod, and takes no part in an update until it is heard of: its
 * pod is neither replaced nor counted among those that an update may make unavailable.
 */
public final class DaemonSetController implements AutoCloseable {
    static final String NAME = "daemonset-controller";

    private static final WriteOptions AS_ME = WriteOptions.by(NAME);

    /** For each pod of a set, changes are gathered for so long. */
    private static final Duration GATHER_PER_POD = Duration.ofNanos(20_000);

    private static final int FEW = 50;

    private final Cluster cluster;
    private final Informer sets;
    private final Informer pods;
    private final Claims claims;
    private final OwnedPods owned;
    private final TemplateRevisions revisions;
    private final Controller<ObjectKey> controller;

    /** By the set's UID and the node: how often its pod has failed there. */
    private final ConcurrentHashMap<String, DaemonSetStep.Failures> failures =
            new ConcurrentHashMap<>();

    public DaemonSetController(Cluster cluster, int workers) {
        this.cluster = cluster;
        this.sets = cluster.informer(ResourceType.DAEMON_SETS);
        this.pods = cluster.pods();
        this.claims = new Claims(cluster.store(), sets, pods, AS_ME);
        this.owned = new OwnedPods(cluster, NAME);
        this.revisions = new TemplateRevisions(cluster, sets, NAME);
        this.controller =
                new Controller<>(
                        "daemonset",
                        workers,
                        cluster.backoff(),
                        this::reconcile,
                        () -> sets.all().forEach(this::add));
        sets.addListener(
                (before, after) -> {
                    if (after != null) {
                        add(after);
                    } else if (before != null) {
                        owned.forget(before);
                        failures.keySet().removeIf(key -> key.startsWith(before.uid()));
                    }
                });
        pods.addListener(
                (before, after) -> {
                    addOwner(before);
                    addOwner(after);
                    if (after != null && Claims.isNewlyUnclaimed(before, after)) {
                        claims.thatMayClaim(after).forEach(this::add);
                    }
                });
        cluster.informer(ResourceType.CONTROLLER_REVISIONS)
                .addListener(
                        (before, after) -> {
                            addOwner(before);
                            addOwner(after);
                        });
        cluster.nodes().addListener(this::nodeChanged);
        cluster.onSilence(this::addOwner);
    }

    public void start() {
        owned.begin(sets.all());
        controller.start();
    }

    @Override
    public void close() {
        controller.close();
    }

    private void add(KubeObject set) {
        controller.add(set.key(ResourceType.DAEMON_SETS));
    }

    private void addOwner(@Nullable KubeObject child) {
        if (child != null) {
            child.controller()
                    .filter(owner -> owner.kind().equals(ResourceType.DAEMON_SETS.kind()))
                    .ifPresent(
                            owner -> {
                                int count = pods.countOwnedBy(owner.uid());
                                controller.addAfter(
                                        ResourceType.DAEMON_SETS.key(
                                                child.namespace(), owner.name()),
                                        count <= FEW
                                                ? Duration.ZERO
                                                : GATHER_PER_POD.multipliedBy(count));
                            });
        }
    }

    private void nodeChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        boolean same =
                before != null
                        && after != null
                        && before.labels().equals(after.labels())
                        && before.spec().equals(after.spec())
                        && before.deleted().equals(after.deleted());
        if (same) {
            return;
        }
        for (KubeObject set : sets.all()) {
            DaemonPods daemons = new DaemonPods(set);
            DaemonPods.Place was = before == null ? DaemonPods.Place.NONE : daemons.on(before);
            DaemonPods.Place is = after == null ? DaemonPods.Place.NONE : daemons.on(after);
            if (!was.equals(is)) {
                add(set);
            }
        }
    }

    private Optional<Duration> reconcile(ObjectKey key) {
        Optional<KubeObject> found = sets.get(key);
        if (found.isEmpty() || found.get().deleted().isPresent()) {
            return Optional.empty();
        }
        KubeObject set = found.get();
        claims.claim(set);
        return new DaemonSetStep(cluster, owned, revisions, failures, set).run();
    }
}
