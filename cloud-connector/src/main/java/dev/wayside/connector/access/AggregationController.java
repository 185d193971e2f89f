// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.access;

import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Controller;
import dev.wayside.connector.workload.Informer;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Keeps aggregated ClusterRoles up to date when one changes that they may select. */
public final class AggregationController implements AutoCloseable {
    private final Informer roles;
    private final AggregatedRoles aggregation;
    private final Controller<String> controller;

    public AggregationController(Cluster cluster) {
        this.roles = cluster.informer(ResourceType.CLUSTER_ROLES);
        this.aggregation = new AggregatedRoles(cluster.store());
        this.controller =
                new Controller<>(
                        "role-aggregation", 1, cluster.backoff(), this::reconcile, this::addAll);
        roles.addListener(this::changed);
    }

    public void start() {
        controller.start();
    }

    @Override
    public void close() {
        controller.close();
    }

    private void changed(@Nullable KubeObject before, @Nullable KubeObject after) {
        boolean same =
                before != null
                        && after != null
                        && before.labels().equals(after.labels())
                        && before.json().get("rules").equals(after.json().get("rules"))
                        && before.json()
                                .get("aggregationRule")
                                .equals(after.json().get("aggregationRule"));
        if (!same) {
            addAll();
        }
    }

    // Who selects whom is found out by the selectors, and there are few of these roles.
    private void addAll() {
        roles.all().stream()
                .filter(AggregatedRoles::isAggregated)
                .forEach(role -> controller.add(role.name()));
    }

    private Optional<Duration> reconcile(String name) {
        aggregation.reconcile(name);
        return Optional.empty();
    }
}
