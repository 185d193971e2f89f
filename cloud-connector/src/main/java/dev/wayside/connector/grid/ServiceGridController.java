// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Conditions;
import dev.wayside.connector.workload.Controller;
import dev.wayside.connector.workload.Informer;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Gives every ServiceGrid its Service {@code <grid>-svc}, one for all sites, and repairs it. The
 * annotation {@value #TOPOLOGY} tells gateways which label keeps the traffic in the site. What the
 * system gave the Service, its address and node ports, stays. Deleting the grid takes the Service
 * through the garbage collector.
 */
public final class ServiceGridController implements AutoCloseable {
    static final String TOPOLOGY = "topologyKeys";
    static final String SUFFIX = "-svc";

    private static final String NAME = "servicegrid-controller";
    private static final String AVAILABLE = "Available";
    private static final Duration AFTER_CONFLICT = Duration.ofMillis(50);
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(10);

    private final Cluster cluster;
    private final Informer grids;
    private final Informer services;
    private final Children children;
    private final Controller<ObjectKey> controller;

    public ServiceGridController(Cluster cluster, int workers) {
        this.cluster = cluster;
        this.grids = cluster.informer(ResourceType.SERVICE_GRIDS);
        this.services = cluster.informer(ResourceType.SERVICES);
        this.children = new Children(cluster, ResourceType.SERVICES, NAME);
        this.controller =
                new Controller<>(
                        "servicegrid",
                        workers,
                        cluster.backoff(),
                        this::reconcile,
                        () -> grids.all().forEach(this::add));
        grids.addListener(
                (before, after) -> {
                    if (after != null) {
                        add(after);
                    }
                });
        services.addListener(this::serviceChanged);
    }

    public void start() {
        controller.start();
    }

    @Override
    public void close() {
        controller.close();
    }

    private void add(KubeObject grid) {
        controller.add(grid.key(ResourceType.SERVICE_GRIDS));
    }

    /** Also one that is nobody's: it may have stood in the way, or somebody took our reference. */
    private void serviceChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        if (after == null && before != null) {
            children.forget(before);
        }
        KubeObject service = after == null ? before : after;
        if (service != null && service.name().endsWith(SUFFIX)) {
            String grid = service.name().substring(0, service.name().length() - SUFFIX.length());
            ObjectKey key = ResourceType.SERVICE_GRIDS.key(service.namespace(), grid);
            if (grids.get(key).isPresent()) {
                controller.add(key);
            }
        }
    }

    /** The Service that the grid should have. */
    static KubeObject child(KubeObject grid) {
        return GridChild.of(
                        grid,
                        ResourceType.SERVICES,
                        grid.name() + SUFFIX,
                        Map.of(),
                        Map.of(
                                TOPOLOGY,
                                JsonArray.ofStrings(List.of(GridChild.key(grid))).toJson()))
                .withSpec(grid.spec().object("template"));
    }

    private Optional<Duration> reconcile(ObjectKey key) {
        Optional<KubeObject> found = grids.get(key).filter(grid -> grid.deleted().isEmpty());
        if (found.isEmpty()) {
            return Optional.empty();
        }
        KubeObject grid = found.get();
        KubeObject child = child(grid);
        UnaryOperator<KubeObject> repaired =
                live -> GridChild.repaired(live, child).withSpec(child.spec());
        Optional<KubeObject> live = services.get(grid.namespace(), child.name());
        try {
            KubeObject service =
                    live.isPresent()
                            ? children.repair(grid, live.get(), repaired)
                            : children.create(grid, child, repaired);
            tell(grid, service, null);
            return Optional.empty();
        } catch (SiteFailure e) {
            tell(grid, null, e);
            // The Service in the way wakes us when it goes.
            return Optional.empty();
        } catch (ApiException e) {
            if (e.reason() == Reason.CONFLICT) {
                return Optional.of(AFTER_CONFLICT);
            }
            String message = Objects.requireNonNullElse(e.getMessage(), "");
            KubeObject known = live.filter(each -> GridChild.isOf(grid, each)).orElse(null);
            tell(grid, known, new SiteFailure(e.reason().word(), message));
            return Optional.of(AFTER_FAILURE);
        }
    }

    private void tell(
            KubeObject grid, @Nullable KubeObject service, @Nullable SiteFailure failure) {
        JsonObject condition =
                failure == null
                        ? Conditions.of(AVAILABLE, "True", "AsExpected", "")
                        : Conditions.of(
                                AVAILABLE,
                                "False",
                                failure.reason(),
                                Objects.requireNonNullElse(failure.getMessage(), ""));
        JsonArray before = grid.status().array("conditions");
        JsonArray after = Conditions.with(before, condition, cluster.clock().instant());
        if (failure != null && !after.equals(before)) {
            cluster.warn(grid, "SyncServiceGridFailed", condition.text("message"), NAME);
        }
        JsonObject.Builder status =
                JsonObject.builder()
                        .put("observedGeneration", grid.generation())
                        .put("conditions", after);
        if (service != null) {
            status.put("service", service.name())
                    .putUnlessEmpty("clusterIP", service.spec().text("clusterIP"));
            service.status()
                    .get("loadBalancer")
                    .filter(balancer -> !balancer.equals(JsonObject.EMPTY))
                    .ifPresent(balancer -> status.put("loadBalancer", balancer));
        }
        cluster.writeStatus(ResourceType.SERVICE_GRIDS, grid, status.build(), NAME);
    }
}
