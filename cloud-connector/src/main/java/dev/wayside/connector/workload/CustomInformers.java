// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.schema.Definitions;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;

/** The informers of custom kinds, which come and go with their definitions. */
final class CustomInformers implements AutoCloseable {
    private final Informer definitions;
    private final Function<ResourceType, Informer> opening;
    private final Controller<ObjectKey> controller;
    private final List<Consumer<Informer>> followers = new ArrayList<>();
    private final Map<String, Informer> byResource = new ConcurrentHashMap<>();

    /**
     * @param definitions of CustomResourceDefinitions
     * @param opening makes an informer that is not started
     */
    CustomInformers(
            Informer definitions, Function<ResourceType, Informer> opening, Backoff backoff) {
        this.definitions = definitions;
        this.opening = opening;
        this.controller =
                new Controller<>(
                        "custom-informers",
                        1,
                        backoff,
                        this::reconcile,
                        () -> definitions.all().forEach(this::add));
        definitions.addListener((before, after) -> add(after == null ? before : after));
    }

    private void add(@org.jspecify.annotations.Nullable KubeObject definition) {
        if (definition != null) {
            controller.add(definition.key(definitions.type()));
        }
    }

    /** To be called before {@link #start}. */
    void follow(Consumer<Informer> follower) {
        followers.add(follower);
    }

    void start() {
        controller.start();
    }

    List<Informer> all() {
        return List.copyOf(byResource.values());
    }

    private Optional<Duration> reconcile(ObjectKey key) {
        String resource = key.name();
        Optional<ResourceType> wanted = definitions.get(key).flatMap(Definitions::storedType);
        Informer open = byResource.get(resource);
        if (open != null && wanted.filter(open.type()::equals).isEmpty()) {
            byResource.remove(resource);
            if (wanted.isPresent()) {
                open.close(); // another version is stored now: the objects are all there
            } else {
                open.retire();
            }
            open = null;
        }
        if (open == null && wanted.isPresent()) {
            Informer informer = opening.apply(wanted.get());
            followers.forEach(follower -> follower.accept(informer));
            byResource.put(resource, informer);
            informer.start();
        }
        return Optional.empty();
    }

    @Override
    public void close() {
        controller.close();
        all().forEach(Informer::close);
    }
}
