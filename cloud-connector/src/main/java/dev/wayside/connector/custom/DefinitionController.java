// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.custom;

import dev.wayside.connector.apiserver.KindRules;
import dev.wayside.connector.apiserver.User;
import dev.wayside.connector.schema.Definitions;
import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.Propagation;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.workload.Backoff;
import dev.wayside.connector.workload.Controller;
import dev.wayside.connector.workload.Informer;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Gives each CustomResourceDefinition its status, from which the store takes the kinds, and deletes
 * a kind's objects before its definition goes. A definition that a user writes is judged before the
 * user is answered; the rest, and what a crash left undone, by watch. Verdicts are given one at a
 * time, because of two definitions that want the same name one must be first.
 */
public final class DefinitionController implements KindRules, AutoCloseable {
    private static final ResourceType TYPE = ResourceType.CUSTOM_RESOURCE_DEFINITIONS;
    private static final String NAME = "custom-kinds";
    private static final WriteOptions AS_ME = WriteOptions.by(NAME);
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(2);

    /** Each costs a watch, a thread and a schema in memory. */
    private static final int MOST = 500;

    private static final int PAGE = 500;
    private static final int ATTEMPTS = 10;

    private final ObjectStore store;
    private final Collection<KindDefinition> builtIn;
    private final Clock clock;
    private final Informer definitions;
    private final Controller<ObjectKey> controller;

    /**
     * @param builtIn the kinds that are always there, whose names nobody else may have
     */
    public DefinitionController(
            ObjectStore store, Collection<KindDefinition> builtIn, Clock clock) {
        this.store = store;
        this.builtIn = List.copyOf(builtIn);
        this.clock = clock;
        Backoff backoff = Backoff.standard(() -> ThreadLocalRandom.current().nextLong());
        this.definitions = new Informer(store, TYPE, Definitions::outline, backoff);
        this.controller =
                new Controller<>(
                        NAME,
                        1,
                        Backoff.standard(() -> ThreadLocalRandom.current().nextLong()),
                        this::reconcile,
                        this::addAll);
        definitions.addListener(
                (before, after) -> {
                    if (after == null && before != null) {
                        addAll(); // a name may be free now
                    } else if (after != null) {
                        controller.add(after.key(TYPE));
                    }
                });
    }

    public void start() {
        definitions.start();
        controller.start();
    }

    @Override
    public void close() {
        controller.close();
        definitions.close();
    }

    private void addAll() {
        definitions.all().forEach(definition -> controller.add(definition.key(TYPE)));
    }

    @Override
    public KubeObject creating(User user, KubeObject definition, boolean dryRun) {
        if (store.list(ListQuery.all(TYPE)).items().size() >= MOST) {
            throw new ApiException(
                    Reason.FORBIDDEN,
                    TYPE.qualified()
                            + " \""
                            + definition.name()
                            + "\" is forbidden: there are "
                            + MOST
                            + " definitions already, the most that this server takes; delete what"
                            + " is not needed",
                    TYPE.group(),
                    TYPE.plural(),
                    definition.name(),
                    List.of());
        }
        return definition;
    }

    @Override
    public KubeObject written(User user, KubeObject definition) {
        if (definition.deleted().isPresent()) {
            return definition;
        }
        try {
            return judge(definition.key(TYPE)).orElse(definition);
        } catch (ApiException e) {
            // The write itself is done; the controller tries the rest again.
            return definition;
        }
    }

    private Optional<Duration> reconcile(ObjectKey key) {
        Optional<KubeObject> found = store.get(key);
        if (found.isPresent() && found.get().deleted().isPresent()) {
            return end(found.get());
        }
        var unused = judge(key);
        return Optional.empty();
    }

    /** Judges its names; the definition as it is then, empty if there is none to judge. */
    private synchronized Optional<KubeObject> judge(ObjectKey key) {
        for (int i = 0; i < ATTEMPTS; i++) {
            List<KubeObject> all = store.list(ListQuery.all(TYPE)).items();
            Optional<KubeObject> found =
                    all.stream().filter(each -> each.key(TYPE).equals(key)).findFirst();
            if (found.isEmpty() || found.get().deleted().isPresent()) {
                return found;
            }
            KubeObject definition = found.get();
            DefinitionNames names = DefinitionNames.of(definition, all, builtIn);
            JsonObject status = DefinitionStatus.judged(definition, names, clock.instant());
            if (status.equals(definition.status())) {
                return found;
            }
            try {
                return Optional.of(
                        store.update(TYPE, definition.withStatus(status), "status", AS_ME));
            } catch (ApiException e) {
                if (e.reason() != Reason.CONFLICT) {
                    throw e;
                }
            }
        }
        return store.get(key);
    }

    /** Deletes the objects; when there are none any more, lets the definition go. */
    private Optional<Duration> end(KubeObject definition) {
        if (!definition.finalizers().contains(Definitions.CLEANUP)) {
            return Optional.empty();
        }
        long left = Definitions.storedType(definition).map(this::empty).orElse(0L);
        JsonObject status = DefinitionStatus.ending(definition, left, clock.instant());
        KubeObject current =
                status.equals(definition.status())
                        ? definition
                        : store.update(TYPE, definition.withStatus(status), "status", AS_ME);
        if (left > 0) {
            return Optional.of(LOOK_AGAIN);
        }
        List<String> finalizers = new ArrayList<>(current.finalizers());
        finalizers.remove(Definitions.CLEANUP);
        store.update(
                TYPE,
                finalizers.isEmpty()
                        ? current.withoutMetadata("finalizers")
                        : current.withMetadata("finalizers", JsonArray.ofStrings(finalizers)),
                "",
                AS_ME);
        return Optional.empty();
    }

    /** How many are left: those that something else holds. Nothing new can come. */
    private long empty(ResourceType type) {
        long left = 0;
        String token = "";
        do {
            ObjectStore.ObjectList page =
                    store.list(
                            new ListQuery(
                                    type,
                                    "",
                                    dev.wayside.model.LabelSelector.EVERYTHING,
                                    dev.wayside.model.FieldSelector.EVERYTHING,
                                    PAGE,
                                    token,
                                    "",
                                    false));
            for (KubeObject object : page.items()) {
                left += delete(type, object) ? 0 : 1;
            }
            token = page.continueToken();
        } while (!token.isEmpty());
        return left;
    }

    /** Whether it is gone. */
    private boolean delete(ResourceType type, KubeObject object) {
        if (object.deleted().isPresent() && !object.finalizers().isEmpty()) {
            return false;
        }
        try {
            return store.delete(
                            type,
                            object.key(type),
                            new DeleteOptions(
                                    OptionalLong.empty(),
                                    object.uid(),
                                    null,
                                    Propagation.BACKGROUND,
                                    false))
                    .gone();
        } catch (ApiException e) {
            if (e.reason() == Reason.NOT_FOUND) {
                return true;
            }
            if (e.reason() == Reason.CONFLICT) {
                return false;
            }
            throw e;
        }
    }
}
