// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.Deleted;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.ObjectList;
import dev.wayside.connector.store.ObjectStore.Propagation;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** delete, deletecollection and the eviction of pods. */
final class DeleteRequests {
    // A collection is deleted page by page, so that its size does not decide how much is held.
    private static final int PAGE = 500;

    private static final int MAX_WARNINGS = 20;

    private static final Set<String> EVICTIONS = Set.of("policy/v1", "policy/v1beta1");

    private final ObjectStore store;
    private final Authorizer authorizer;
    private final BodyDecoder decoder;
    private final ReadRequests reads;
    private final DisruptionBudgets budgets;
    private final ChangePlans plans;

    DeleteRequests(
            ObjectStore store,
            Authorizer authorizer,
            BodyDecoder decoder,
            ReadRequests reads,
            DisruptionBudgets budgets,
            ChangePlans plans) {
        this.plans = plans;
        this.reads = reads;
        this.budgets = budgets;
        this.store = store;
        this.authorizer = authorizer;
        this.decoder = decoder;
    }

    void delete(Call call) {
        DeleteOptions options = options(call, body(call));
        Foresight foresight = new Foresight(plans, authorizer, call);
        if (foresight.concerned()) {
            store.get(call.key())
                    .filter(object -> object.deleted().isEmpty())
                    .ifPresent(
                            object ->
                                    foresight.deletes(
                                            object, options.dryRun(), options.propagation()));
        }
        Deleted deleted = store.delete(call.type(), call.key(), options);
        call.respond(
                200,
                deleted.gone()
                        ? ApiStatus.deleted(call.type(), deleted.object())
                        : deleted.object().json(),
                foresight.warnings());
    }

    void deleteCollection(Call call) {
        DeleteOptions options = options(call, body(call));
        ListQuery whole = ReadRequests.query(call);
        List<KubeObject> deleted = new ArrayList<>();
        Foresight foresight = new Foresight(plans, authorizer, call);
        List<String> warnings = new ArrayList<>();
        String next = "";
        String revision;
        do {
            ObjectList page =
                    store.list(
                            new ListQuery(
                                    whole.type(),
                                    whole.namespace(),
                                    whole.labels(),
                                    whole.fields(),
                                    PAGE,
                                    next,
                                    "",
                                    false));
            for (KubeObject object : page.items()) {
                if (foresight.concerned() && warnings.size() < MAX_WARNINGS) {
                    foresight.deletes(object, options.dryRun(), options.propagation());
                    warnings.addAll(foresight.warnings());
                }
                try {
                    deleted.add(
                            store.delete(call.type(), object.key(call.type()), options).object());
                } catch (ApiException e) {
                    // Someone else was faster: what was asked for is so.
                    if (e.reason() != Reason.NOT_FOUND) {
                        throw e;
                    }
                }
            }
            next = page.continueToken();
            revision = page.resourceVersion();
        } while (!next.isEmpty());
        call.respond(
                200,
                reads.presentation(call)
                        .list(new ObjectList(deleted, revision, "", OptionalLong.empty())));
    }

    /**
     * Deletes a pod as its user would be asked to let it go: gracefully, and only the pod that is
     * meant, and only if its PodDisruptionBudget allows it.
     */
    void evict(Call call) {
        BodyDecoder.Decoded decoded =
                decoder.decode(call.request().header("content-type"), call.request().body());
        if (!(decoded.value() instanceof JsonObject eviction)
                || !eviction.text("kind").equals("Eviction")
                || !EVICTIONS.contains(eviction.text("apiVersion"))) {
            throw ApiStatus.badRequest("the body must be an Eviction of policy/v1");
        }
        String name = eviction.object("metadata").text("name");
        String namespace = eviction.object("metadata").text("namespace");
        if (!name.isEmpty() && !name.equals(call.info().name())) {
            throw ApiStatus.badRequest("name in URL does not match name in Eviction object");
        }
        if (!namespace.isEmpty() && !namespace.equals(call.info().namespace())) {
            throw ApiStatus.badRequest(
                    "namespace in URL does not match namespace in Eviction object");
        }
        DeleteOptions options = options(call, eviction.object("deleteOptions"));
        // Tried first: an eviction that cannot be must not use up what a budget allows.
        store.delete(
                call.type(),
                call.key(),
                new DeleteOptions(
                        options.graceSeconds(),
                        options.uid(),
                        options.resourceVersion(),
                        options.propagation(),
                        true));
        budgets.take(call.key(), options.dryRun());
        if (!options.dryRun()) {
            store.delete(call.type(), call.key(), options);
        }
        call.respond(201, ApiStatus.success(201));
    }

    private DeleteOptions options(Call call, JsonObject body) {
        authorizer.admit(call.user(), call.info(), null, body);
        QueryParameters query = call.query();
        OptionalLong grace =
                body.has("gracePeriodSeconds")
                        ? body.number("gracePeriodSeconds")
                        : query.number("gracePeriodSeconds");
        if (grace.isPresent() && grace.getAsLong() < 0) {
            throw ApiStatus.badRequest("gracePeriodSeconds must not be negative");
        }
        boolean dryRun =
                call.dryRun() || body.array("dryRun").strings().stream().anyMatch("All"::equals);
        return new DeleteOptions(
                grace,
                body.string("preconditions", "uid").orElse(null),
                body.string("preconditions", "resourceVersion").orElse(null),
                propagation(
                        body.string("propagationPolicy").orElse(query.text("propagationPolicy")),
                        body.flag("orphanDependents") || query.flag("orphanDependents")),
                dryRun);
    }

    private JsonObject body(Call call) {
        if (call.request().body().length == 0) {
            return JsonObject.EMPTY;
        }
        BodyDecoder.Decoded decoded =
                decoder.decode(call.request().header("content-type"), call.request().body());
        if (decoded.value() instanceof JsonObject object) {
            String kind = object.text("kind");
            if (kind.isEmpty() || kind.equals("DeleteOptions")) {
                return object;
            }
        }
        throw ApiStatus.badRequest("the body of a deletion must be a DeleteOptions");
    }

    private static @Nullable Propagation propagation(String policy, boolean orphan) {
        return switch (policy) {
            case "" -> orphan ? Propagation.ORPHAN : null;
            case "Background" -> Propagation.BACKGROUND;
            case "Foreground" -> Propagation.FOREGROUND;
            case "Orphan" -> Propagation.ORPHAN;
            default ->
                    throw ApiStatus.badRequest(
                            "propagationPolicy: Unsupported value: \""
                                    + policy
                                    + "\": supported values: \"Background\", \"Foreground\","
                                    + " \"Orphan\"");
        };
    }
}
