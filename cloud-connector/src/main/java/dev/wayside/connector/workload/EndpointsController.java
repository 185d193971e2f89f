// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the EndpointSlices and Endpoints of every Service that selects its pods. Those of a Service
 * without a selector are its user's.
 */
public final class EndpointsController implements AutoCloseable {
    private static final WriteOptions AS_ME = WriteOptions.by("endpointslice-controller");

    private final Cluster cluster;
    private final Informer services;
    private final Informer slices;
    private final Informer endpoints;
    private final Informer.Index slicesByService;
    private final Controller<ObjectKey> controller;

    public EndpointsController(Cluster cluster, int workers) {
        this.cluster = cluster;
        this.services = cluster.informer(ResourceType.SERVICES);
        this.slices = cluster.informer(ResourceType.ENDPOINT_SLICES);
        this.endpoints = cluster.informer(ResourceType.ENDPOINTS);
        this.slicesByService =
                slices.addIndex(
                        slice ->
                                isOurs(slice)
                                        ? List.of(serviceOf(slice).toString())
                                        : List.<String>of());
        this.controller =
                new Controller<>(
                        "endpoints",
                        workers,
                        cluster.backoff(),
                        this::reconcile,
                        () -> services.all().forEach(this::add));
        services.addListener(
                (before, after) -> {
                    if (after != null) {
                        add(after);
                    }
                });
        slices.addListener(
                (before, after) -> {
                    KubeObject slice = after == null ? before : after;
                    if (slice != null && isOurs(slice)) {
                        controller.add(serviceOf(slice));
                    }
                });
        endpoints.addListener(
                (before, after) -> {
                    KubeObject either = after == null ? before : after;
                    if (either != null) {
                        controller.add(
                                ResourceType.SERVICES.key(either.namespace(), either.name()));
                    }
                });
        cluster.pods().addListener(this::podChanged);
    }

    public void start() {
        controller.start();
    }

    @Override
    public void close() {
        controller.close();
    }

    private static boolean isOurs(KubeObject slice) {
        return ServiceEndpoints.MANAGER.equals(slice.labels().get(ServiceEndpoints.MANAGED_BY));
    }

    private static ObjectKey serviceOf(KubeObject slice) {
        return ResourceType.SERVICES.key(
                slice.namespace(), slice.labels().getOrDefault(ServiceEndpoints.SERVICE_NAME, ""));
    }

    private void add(KubeObject service) {
        controller.add(service.key(ResourceType.SERVICES));
    }

    private void podChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        if (before != null && after != null && isSameToServices(before, after)) {
            return;
        }
        KubeObject pod = after == null ? before : after;
        if (pod == null) {
            return;
        }
        for (KubeObject service : services.inNamespace(pod.namespace())) {
            if (ServiceEndpoints.selects(service)) {
                LabelSelector selector = selector(service);
                if (serves(before, selector) || serves(after, selector)) {
                    add(service);
                }
            }
        }
    }

    private static boolean isSameToServices(KubeObject before, KubeObject after) {
        return before.labels().equals(after.labels())
                && before.status().text("podIP").equals(after.status().text("podIP"))
                && PodFacts.isReady(before) == PodFacts.isReady(after)
                && PodFacts.isFinished(before) == PodFacts.isFinished(after)
                && PodFacts.node(before).equals(PodFacts.node(after))
                && before.deleted().isPresent() == after.deleted().isPresent();
    }

    private static LabelSelector selector(KubeObject service) {
        return LabelSelector.of(service.spec().object("selector").strings());
    }

    private static boolean serves(@Nullable KubeObject pod, LabelSelector selector) {
        return pod != null && selector.matches(pod.labels());
    }

    private Optional<Duration> reconcile(ObjectKey key) {
        Optional<KubeObject> found = services.get(key);
        // What belongs to a Service that is gone goes with its owner.
        if (found.isEmpty()
                || found.get().deleted().isPresent()
                || !ServiceEndpoints.selects(found.get())) {
            return Optional.empty();
        }
        KubeObject service = found.get();
        LabelSelector selector = selector(service);
        List<KubeObject> pods =
                cluster.pods().inNamespace(service.namespace()).stream()
                        .filter(pod -> selector.matches(pod.labels()))
                        .toList();
        ServiceEndpoints wanted = new ServiceEndpoints(service, pods);
        Map<String, KubeObject> there = new HashMap<>();
        slicesByService.get(key.toString()).forEach(slice -> there.put(slice.name(), slice));
        for (KubeObject slice : wanted.slices()) {
            write(slices, there.remove(slice.name()), slice);
        }
        there.values()
                .forEach(
                        slice ->
                                cluster.delete(
                                        ResourceType.ENDPOINT_SLICES, slice, OptionalLong.empty()));
        write(
                endpoints,
                endpoints.get(service.namespace(), service.name()).orElse(null),
                wanted.endpoints());
        return Optional.empty();
    }

    private void write(Informer informer, @Nullable KubeObject there, KubeObject wanted) {
        if (there == null) {
            informer.write(() -> cluster.store().create(informer.type(), wanted, AS_ME));
        } else if (!essence(there).equals(essence(wanted))) {
            KubeObject replaced =
                    wanted.withMetadata(
                            there.metadata()
                                    .with("labels", wanted.metadata().object("labels"))
                                    .with(
                                            "ownerReferences",
                                            wanted.metadata().array("ownerReferences")));
            informer.write(() -> cluster.store().update(informer.type(), replaced, "", AS_ME));
        }
    }

    /** What is ours of an object, without what the store adds. */
    private static JsonObject essence(KubeObject object) {
        return object.json()
                .without("metadata")
                .with("labels", object.metadata().object("labels"))
                .with("ownerReferences", object.metadata().array("ownerReferences"));
    }
}
