// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.Patch;
import dev.wayside.connector.store.ObjectStore.PatchType;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ResourceType;
import java.util.List;
import java.util.OptionalLong;

/** The {@code scale} subresource: autoscaling/v1 Scale over the object's count of replicas. */
final class ScaleRequests {
    private final ObjectStore store;
    private final Authorizer authorizer;
    private final WriteRequests writes;

    ScaleRequests(ObjectStore store, Authorizer authorizer, WriteRequests writes) {
        this.store = store;
        this.authorizer = authorizer;
        this.writes = writes;
    }

    void get(Call call) {
        call.respond(200, scale(call, current(call)));
    }

    void update(Call call) {
        if (!(writes.decode(call).value() instanceof JsonObject scale)) {
            throw ApiStatus.badRequest("the body must be a Scale");
        }
        authorizer.admit(call.user(), call.info(), null, scale);
        write(call, scale);
    }

    void patch(Call call) {
        PatchType type = WriteRequests.patchType(call);
        if (type == PatchType.JSON || type == PatchType.APPLY) {
            throw ApiStatus.badRequest("a Scale is patched by a merge patch");
        }
        if (!(writes.decode(call).value() instanceof JsonObject patch)) {
            throw ApiStatus.badRequest("the body must be an object");
        }
        authorizer.admit(call.user(), call.info(), type, patch);
        write(call, patch);
    }

    private void write(Call call, JsonObject scale) {
        OptionalLong replicas = scale.number("spec", "replicas");
        if (replicas.isEmpty() && scale.at("spec", "replicas").isPresent()) {
            throw ApiStatus.badRequest("spec.replicas must be a whole number");
        }
        if (replicas.orElse(0) < 0) {
            throw ApiException.invalid(
                    "Scale.autoscaling",
                    call.info().name(),
                    List.of(
                            new ApiException.Cause(
                                    "FieldValueInvalid",
                                    "Invalid value: "
                                            + replicas.getAsLong()
                                            + ": must be greater than or equal to 0",
                                    "spec.replicas")));
        }
        JsonObject change =
                replicas.isPresent()
                        ? JsonObject.EMPTY.withAt(
                                replicasPath(call.type()), Json.of(replicas.getAsLong()))
                        : JsonObject.EMPTY;
        String revision = scale.text("metadata", "resourceVersion");
        if (!revision.isEmpty()) {
            change = change.with("metadata", JsonObject.of("resourceVersion", revision));
        }
        KubeObject written =
                store.patch(
                        call.type(),
                        call.key(),
                        Patch.merge(change),
                        "",
                        WriteRequests.options(call));
        call.respond(200, scale(call, written));
    }

    private KubeObject current(Call call) {
        return store.get(call.key()).orElseThrow(() -> ApiException.notFound(call.key()));
    }

    /** A grid's count is that of each of its children. */
    private static List<String> replicasPath(ResourceType type) {
        return type.equals(ResourceType.DEPLOYMENT_GRIDS)
                ? List.of("spec", "template", "replicas")
                : List.of("spec", "replicas");
    }

    private static JsonObject scale(Call call, KubeObject object) {
        JsonObject metadata = object.metadata();
        JsonObject.Builder shown = JsonObject.builder();
        for (String name :
                List.of("name", "namespace", "uid", "resourceVersion", "creationTimestamp")) {
            shown.put(name, metadata.get(name));
        }
        String[] path = replicasPath(call.type()).toArray(String[]::new);
        JsonObject selector =
                call.type().equals(ResourceType.DEPLOYMENT_GRIDS)
                        ? object.json().object("spec", "template", "selector")
                        : object.spec().object("selector");
        return JsonObject.builder()
                .put("kind", "Scale")
                .put("apiVersion", "autoscaling/v1")
                .put("metadata", shown.build())
                .put(
                        "spec",
                        JsonObject.EMPTY.with("replicas", object.json().number(path).orElse(1)))
                .put(
                        "status",
                        JsonObject.EMPTY
                                .with("replicas", object.status().number("replicas").orElse(0))
                                .with("selector", LabelSelector.of(selector).toString()))
                .build();
    }
}
