// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.Patch;
import dev.wayside.connector.store.ObjectStore.PatchType;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.Map;
import java.util.Optional;

/** Server-side apply: a configuration is made so, and the object created if it is not there. */
final class ApplyRequests {
    /** An object may come and go while a request tries; not for ever. */
    private static final int ATTEMPTS = 5;

    private final ObjectStore store;
    private final Authorizer authorizer;
    private final Map<String, KindRules> rules;

    /**
     * @param rules by {@link ResourceType#qualified()}
     */
    ApplyRequests(ObjectStore store, Authorizer authorizer, Map<String, KindRules> rules) {
        this.store = store;
        this.authorizer = authorizer;
        this.rules = rules;
    }

    /**
     * @param created whether it was not there before
     */
    record Applied(KubeObject object, boolean created) {}

    /**
     * @param config of the kind, name and namespace of the path
     */
    Applied apply(Call call, KubeObject config, WriteOptions options) {
        Patch patch = new Patch(PatchType.APPLY, config.json());
        for (int i = 0; i < ATTEMPTS; i++) {
            Optional<KubeObject> patched = patched(call, patch, options);
            if (patched.isPresent()) {
                return new Applied(patched.get(), false);
            }
            Optional<KubeObject> created = created(call, config, options);
            if (created.isPresent()) {
                return new Applied(created.get(), true);
            }
        }
        throw ApiException.conflict(
                call.key(), "the object was created and deleted again and again meanwhile");
    }

    /** Empty if there is no object. */
    private Optional<KubeObject> patched(Call call, Patch patch, WriteOptions options) {
        String subresource = call.info().subresource();
        try {
            return Optional.of(store.patch(call.type(), call.key(), patch, subresource, options));
        } catch (ApiException e) {
            if (e.reason() == Reason.NOT_FOUND && subresource.isEmpty()) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Empty if there is an object by now. */
    private Optional<KubeObject> created(Call call, KubeObject config, WriteOptions options) {
        RequestInfo creation = asCreation(call.info());
        Authorizer.Decision decision = authorizer.authorize(call.user(), creation);
        if (!decision.allowed()) {
            throw ApiStatus.forbidden(call.user(), creation, decision.why());
        }
        authorizer.admit(call.user(), creation, null, config.json());
        refusePreconditions(call, config);
        KindRules kindRules = rules.getOrDefault(call.type().qualified(), KindRules.NONE);
        KubeObject admitted = kindRules.creating(call.user(), config, options.dryRun());
        try {
            return Optional.of(store.create(call.type(), admitted, options));
        } catch (ApiException e) {
            if (e.reason() == Reason.ALREADY_EXISTS) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static RequestInfo asCreation(RequestInfo info) {
        return new RequestInfo(
                info.method(),
                info.path(),
                true,
                "create",
                info.group(),
                info.version(),
                info.namespace(),
                info.resource(),
                info.name(),
                info.subresource(),
                info.query());
    }

    /** Whoever names a UID or a revision means an object that is there. */
    private static void refusePreconditions(Call call, KubeObject config) {
        JsonObject metadata = config.metadata();
        if (!config.uid().isEmpty()) {
            throw ApiException.conflict(
                    call.key(),
                    "uid mismatch: the provided object specified uid "
                            + config.uid()
                            + ", and no existing object was found");
        }
        if (!metadata.text("resourceVersion").isEmpty()) {
            throw ApiException.conflict(
                    call.key(),
                    "the provided object specified resourceVersion "
                            + config.resourceVersion()
                            + ", and no existing object was found");
        }
    }
}
