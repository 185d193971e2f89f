// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.account;

import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Controller;
import dev.wayside.connector.workload.Informer;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.Optional;

/** Sees to it that every namespace has its default ServiceAccount, also when it was deleted. */
public final class DefaultAccountController implements AutoCloseable {
    private final Cluster cluster;
    private final Informer namespaces;
    private final Controller<String> controller;

    public DefaultAccountController(Cluster cluster) {
        this.cluster = cluster;
        this.namespaces = cluster.informer(ResourceType.NAMESPACES);
        this.controller =
                new Controller<>(
                        "service-account",
                        1,
                        cluster.backoff(),
                        this::reconcile,
                        () -> namespaces.all().forEach(this::add));
        namespaces.addListener(
                (before, after) -> {
                    if (before == null && after != null) {
                        add(after);
                    }
                });
        cluster.informer(ResourceType.SERVICE_ACCOUNTS)
                .addListener(
                        (before, after) -> {
                            if (after == null
                                    && before != null
                                    && before.name().equals(DefaultAccount.NAME)) {
                                controller.add(before.namespace());
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
        controller.add(namespace.name());
    }

    private Optional<Duration> reconcile(String namespace) {
        if (namespaces.get("", namespace).filter(n -> n.deleted().isEmpty()).isPresent()) {
            DefaultAccount.ensure(cluster.store(), namespace);
        }
        return Optional.empty();
    }
}
