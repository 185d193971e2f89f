// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.Propagation;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.JsonArray;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Empties namespaces that are on their way out, then lets them go. Pods have their grace period; a
 * gateway that is away keeps its pods, and so the namespace, until it is back or its Node is
 * deleted.
 */
public final class NamespaceController implements AutoCloseable {
    private static final String NAME = "namespace-controller";
    private static final WriteOptions AS_ME = WriteOptions.by(NAME);
    private static final String FINALIZER = "kubernetes";
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(5);

    private final Cluster cluster;
    private final Informer namespaces;
    private final Controller<ObjectKey> controller;

    public NamespaceController(Cluster cluster) {
        this.cluster = cluster;
        this.namespaces = cluster.informer(ResourceType.NAMESPACES);
        this.controller =
                new Controller<>(
                        "namespace",
                        1,
                        cluster.backoff(),
                        this::reconcile,
                        () -> namespaces.all().forEach(this::add));
        namespaces.addListener(
                (before, after) -> {
                    if (after != null && after.deleted().isPresent()) {
                        add(after);
                    }
                });
        cluster.follow(
                informer -> {
                    if (informer.type().namespaced()) {
                        informer.addListener(
                                (before, after) -> {
                                    if (after == null && before != null) {
                                        contentGone(before.namespace());
                                    }
                                });
                    }
                });
    }

    public void start() {
        controller.start();
    }

    @Override
    public void close() {
        controller.close();
    }

    private void add(KubeObject namespace) {
        controller.add(namespace.key(ResourceType.NAMESPACES));
    }

    private void contentGone(String namespace) {
        namespaces
                .get("", namespace)
                .filter(ending -> ending.deleted().isPresent())
                .ifPresent(this::add);
    }

    private Optional<Duration> reconcile(ObjectKey key) {
        Optional<KubeObject> found =
                namespaces.get(key).filter(ending -> ending.deleted().isPresent());
        if (found.isEmpty()) {
            return Optional.empty();
        }
        int left = 0;
        Set<ResourceType> seen = new HashSet<>();
        for (Informer informer : cluster.informers()) {
            seen.add(informer.type());
            if (informer.type().namespaced()) {
                left += empty(informer.type(), informer, key.name());
            }
        }
        // A kind may be so new that nobody here has heard of it, and have objects all the same.
        for (ResourceType type : cluster.customTypes()) {
            if (type.namespaced() && !seen.contains(type)) {
                left += empty(type, null, key.name());
            }
        }
        if (left > 0) {
            return Optional.of(LOOK_AGAIN);
        }
        // Events last: emptying makes some. They have no informer and no finalizers.
        for (KubeObject event : fresh(ResourceType.EVENTS, key.name())) {
            delete(ResourceType.EVENTS, event, null);
        }
        finish(found.get());
        return Optional.empty();
    }

    private List<KubeObject> fresh(ResourceType type, String namespace) {
        try {
            return cluster.store()
                    .list(ListQuery.in(type, namespace, LabelSelector.EVERYTHING))
                    .items();
        } catch (ApiException e) {
            if (e.reason() == Reason.NOT_FOUND) {
                return List.of(); // the kind is gone, and its objects went before it
            }
            throw e;
        }
    }

    /** Deletes what is there; how many are left afterwards. */
    private int empty(ResourceType type, @Nullable Informer informer, String namespace) {
        int left = 0;
        // From the store: nothing can be added any more, so once it is empty it stays so.
        for (KubeObject object : fresh(type, namespace)) {
            if (object.deleted().isPresent() || !delete(type, object, informer)) {
                left++;
            }
        }
        return left;
    }

    /** Whether it is gone. */
    private boolean delete(ResourceType type, KubeObject object, @Nullable Informer informer) {
        DeleteOptions options =
                new DeleteOptions(
                        OptionalLong.empty(), object.uid(), null, Propagation.BACKGROUND, false);
        try {
            ObjectKey key = object.key(type);
            return informer == null
                    ? cluster.store().delete(type, key, options).gone()
                    : informer.delete(() -> cluster.store().delete(type, key, options)).gone();
        } catch (ApiException e) {
            if (e.reason() == Reason.NOT_FOUND || e.reason() == Reason.CONFLICT) {
                return e.reason() == Reason.NOT_FOUND;
            }
            throw e;
        }
    }

    private void finish(KubeObject namespace) {
        List<String> finalizers = new ArrayList<>(namespace.spec().array("finalizers").strings());
        if (finalizers.remove(FINALIZER)) {
            KubeObject finished =
                    namespace.withSpec(
                            namespace.spec().with("finalizers", JsonArray.ofStrings(finalizers)));
            namespaces.write(
                    () ->
                            cluster.store()
                                    .update(ResourceType.NAMESPACES, finished, "finalize", AS_ME));
        }
    }
}
