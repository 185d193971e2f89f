// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.Propagation;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.OwnerReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Deletes what is owned by what is no more. An owner counts as gone only if the store says so, by
 * UID; one of a kind that is not known here never does, unless it was seen to go. An object that
 * has another living owner loses the reference and stays.
 *
 * <p>Completes the two other ways of deleting an owner: with {@code foregroundDeletion} its
 * dependents go first; with {@code orphan} they are let go.
 */
public final class GarbageCollector implements AutoCloseable {
    static final String FOREGROUND = "foregroundDeletion";
    static final String ORPHAN = "orphan";

    private static final String NAME = "garbage-collector";
    private static final WriteOptions AS_ME = WriteOptions.by(NAME);
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(5);
    private static final int MOST_GONE = 20_000;

    /** What an owner is to a dependent. */
    private enum Owner {
        LIVES,
        GONE,
        WAITS_FOR_DEPENDENTS
    }

    private final Cluster cluster;
    private final Map<String, Informer> byResource = new ConcurrentHashMap<>();

    /** Owners that went and had dependents: their kind may go before those are judged. */
    private final Set<String> gone =
            Collections.newSetFromMap(
                    Collections.synchronizedMap(
                            new LinkedHashMap<>() {
                                private static final long serialVersionUID = 1L;

                                @Override
                                protected boolean removeEldestEntry(
                                        Map.Entry<String, Boolean> eldest) {
                                    return size() > MOST_GONE;
                                }
                            }));

    private final Controller<ObjectKey> controller;

    public GarbageCollector(Cluster cluster, int workers) {
        this.cluster = cluster;
        this.controller =
                new Controller<>(
                        "garbage", workers, cluster.backoff(), this::reconcile, this::addAll);
        cluster.follow(
                informer -> {
                    byResource.put(informer.type().qualified(), informer);
                    informer.addListener((before, after) -> changed(informer, before, after));
                });
    }

    /** Also looks at every object once: an owner may have gone while nobody watched. */
    public void start() {
        controller.start();
        addAll();
    }

    @Override
    public void close() {
        controller.close();
    }

    private void addAll() {
        for (Informer informer : cluster.informers()) {
            informer.all().forEach(object -> changed(informer, null, object));
        }
    }

    private void changed(
            Informer informer, @Nullable KubeObject before, @Nullable KubeObject after) {
        if (after == null) {
            if (before != null) {
                addDependents(before);
                // Its owner may have waited for it.
                before.owners().forEach(owner -> ending(owner, before));
            }
            return;
        }
        if (before != null && !before.uid().equals(after.uid())) {
            addDependents(before);
        }
        boolean waits = isWaiting(after, FOREGROUND) || isWaiting(after, ORPHAN);
        boolean ownersChanged = before == null || !before.owners().equals(after.owners());
        if (waits
                || (ownersChanged
                        && after.owners().stream().anyMatch(owner -> !livesHere(owner, after)))) {
            controller.add(after.key(informer.type()));
        }
    }

    private void addDependents(KubeObject owner) {
        for (Informer informer : cluster.informers()) {
            for (KubeObject dependent : informer.ownedBy(owner.uid())) {
                gone.add(owner.uid());
                controller.add(dependent.key(informer.type()));
            }
        }
    }

    private void ending(OwnerReference owner, KubeObject dependent) {
        inMemory(owner, dependent)
                .filter(object -> isWaiting(object, FOREGROUND))
                .ifPresent(
                        object ->
                                cluster.informer(owner.apiVersion(), owner.kind())
                                        .ifPresent(
                                                informer ->
                                                        controller.add(
                                                                object.key(informer.type()))));
    }

    private Optional<KubeObject> inMemory(OwnerReference owner, KubeObject dependent) {
        return cluster.informer(owner.apiVersion(), owner.kind())
                .flatMap(informer -> informer.get(dependent.namespace(), owner.name()))
                .filter(object -> object.uid().equals(owner.uid()));
    }

    /** Whether it is known to live and does not wait for its dependents. */
    private boolean livesHere(OwnerReference owner, KubeObject dependent) {
        return cluster.informer(owner.apiVersion(), owner.kind()).isEmpty()
                || inMemory(owner, dependent)
                        .filter(object -> !isWaiting(object, FOREGROUND))
                        .isPresent();
    }

    private static boolean isWaiting(KubeObject object, String finalizer) {
        return object.deleted().isPresent() && object.finalizers().contains(finalizer);
    }

    private Optional<Duration> reconcile(ObjectKey key) {
        Informer informer = byResource.get(key.resource());
        Optional<KubeObject> found = informer == null ? Optional.empty() : informer.get(key);
        if (informer == null || found.isEmpty()) {
            return Optional.empty();
        }
        KubeObject object = found.get();
        if (isWaiting(object, ORPHAN)) {
            dependents(object)
                    .forEach((dependent, of) -> letGo(of, dependent, object.uid()::equals));
            finish(informer, object, ORPHAN);
        } else if (isWaiting(object, FOREGROUND)) {
            return deleteDependentsFirst(informer, object);
        } else if (object.deleted().isEmpty() && !object.owners().isEmpty()) {
            judge(informer, object);
        }
        return Optional.empty();
    }

    private Optional<Duration> deleteDependentsFirst(Informer informer, KubeObject owner) {
        boolean blocked = false;
        for (Map.Entry<KubeObject, Informer> entry : dependents(owner).entrySet()) {
            KubeObject dependent = entry.getKey();
            boolean blocking =
                    dependent.owners().stream()
                            .anyMatch(
                                    reference ->
                                            reference.uid().equals(owner.uid())
                                                    && reference.blockOwnerDeletion());
            blocked |= blocking;
            if (dependent.deleted().isEmpty()) {
                controller.add(dependent.key(entry.getValue().type()));
            }
        }
        if (blocked) {
            return Optional.of(LOOK_AGAIN);
        }
        finish(informer, owner, FOREGROUND);
        return Optional.empty();
    }

    /**
     * Everything that refers to the owner, asked of the store: one that has not arrived here yet
     * would be missed, and that cannot be made good. Rare, so it may cost a list of each kind.
     */
    private Map<KubeObject, Informer> dependents(KubeObject owner) {
        Map<KubeObject, Informer> dependents = new HashMap<>();
        for (Informer informer : cluster.informers()) {
            if (!informer.type().namespaced() && !owner.namespace().isEmpty()) {
                continue;
            }
            ListQuery query =
                    ListQuery.in(informer.type(), owner.namespace(), LabelSelector.EVERYTHING);
            for (KubeObject object : list(query)) {
                if (object.owners().stream()
                        .anyMatch(reference -> reference.uid().equals(owner.uid()))) {
                    dependents.put(object, informer);
                }
            }
        }
        return dependents;
    }

    private List<KubeObject> list(ListQuery query) {
        try {
            return cluster.store().list(query).items();
        } catch (ApiException e) {
            if (e.reason() == Reason.NOT_FOUND) {
                return List.of(); // a custom kind that is no more
            }
            throw e;
        }
    }

    private void finish(Informer informer, KubeObject object, String finalizer) {
        Optional<KubeObject> fresh =
                cluster.store()
                        .get(object.key(informer.type()))
                        .filter(same -> same.uid().equals(object.uid()));
        if (fresh.isEmpty() || !fresh.get().finalizers().contains(finalizer)) {
            return;
        }
        List<String> finalizers = new ArrayList<>(fresh.get().finalizers());
        finalizers.remove(finalizer);
        KubeObject finished =
                finalizers.isEmpty()
                        ? fresh.get().withoutMetadata("finalizers")
                        : fresh.get().withMetadata("finalizers", JsonArray.ofStrings(finalizers));
        informer.write(() -> cluster.store().update(informer.type(), finished, "", AS_ME));
    }

    /** Deletes an object whose owners are all gone or waiting for it to go. */
    private void judge(Informer informer, KubeObject object) {
        Set<String> over = new HashSet<>();
        boolean owned = false;
        boolean awaited = false;
        for (OwnerReference reference : object.owners()) {
            Owner owner = look(reference, object);
            owned |= owner == Owner.LIVES;
            awaited |= owner == Owner.WAITS_FOR_DEPENDENTS;
            if (owner != Owner.LIVES) {
                over.add(reference.uid());
            }
        }
        if (over.isEmpty()) {
            return;
        }
        if (owned) {
            letGo(informer, object, over::contains);
            return;
        }
        boolean itsOwnFirst = awaited && hasDependents(object);
        delete(informer, object, itsOwnFirst ? Propagation.FOREGROUND : Propagation.BACKGROUND);
    }

    private boolean hasDependents(KubeObject object) {
        return cluster.informers().stream()
                .anyMatch(informer -> !informer.ownedBy(object.uid()).isEmpty());
    }

    private Owner look(OwnerReference reference, KubeObject dependent) {
        Optional<Informer> informer = cluster.informer(reference.apiVersion(), reference.kind());
        if (informer.isEmpty()) {
            return gone.contains(reference.uid()) ? Owner.GONE : Owner.LIVES;
        }
        // The store is asked: one that has not arrived here yet is not gone.
        ObjectKey key = informer.get().type().key(dependent.namespace(), reference.name());
        Optional<KubeObject> owner =
                cluster.store().get(key).filter(same -> same.uid().equals(reference.uid()));
        if (owner.isEmpty()) {
            return Owner.GONE;
        }
        return isWaiting(owner.get(), FOREGROUND) && reference.blockOwnerDeletion()
                ? Owner.WAITS_FOR_DEPENDENTS
                : Owner.LIVES;
    }

    private void letGo(Informer informer, KubeObject dependent, Predicate<String> ownerUid) {
        Optional<KubeObject> fresh =
                cluster.store()
                        .get(dependent.key(informer.type()))
                        .filter(same -> same.uid().equals(dependent.uid()));
        if (fresh.isEmpty()) {
            return;
        }
        List<Json> owners = new ArrayList<>();
        for (JsonObject owner : fresh.get().metadata().array("ownerReferences").objects()) {
            if (!ownerUid.test(owner.text("uid"))) {
                owners.add(owner);
            }
        }
        KubeObject free =
                owners.isEmpty()
                        ? fresh.get().withoutMetadata("ownerReferences")
                        : fresh.get().withMetadata("ownerReferences", new JsonArray(owners));
        if (!free.equals(fresh.get())) {
            informer.write(() -> cluster.store().update(informer.type(), free, "", AS_ME));
        }
    }

    private void delete(Informer informer, KubeObject object, Propagation propagation) {
        try {
            // The revision that was judged is the precondition: a new owner saves it.
            informer.delete(
                    () ->
                            cluster.store()
                                    .delete(
                                            informer.type(),
                                            object.key(informer.type()),
                                            new DeleteOptions(
                                                    OptionalLong.empty(),
                                                    object.uid(),
                                                    object.resourceVersion(),
                                                    propagation,
                                                    false)));
        } catch (ApiException e) {
            if (e.reason() != Reason.NOT_FOUND) {
                throw e;
            }
        }
    }
}
